/* STM32U575, U585 (RM0456), TrustZone off: where its UARTs and pins are. */
#ifndef CHIP_H
#define CHIP_H

#include "board.h"

#define CHIP_RCC 0x46020C00u
#define CHIP_GPIO_BASE 0x42020000u
#define CHIP_GPIO_ENABLE (CHIP_RCC + 0x8Cu) /* AHB2ENR1 */
#define CHIP_UART_CLOCK_HZ BOARD_CLOCK_HZ
#define CHIP_UART_IS_LOW_POWER 0
#define CHIP_UART_FUNCTION 7

#if BOARD_UART_BASE == 0x40013800u /* USART1: APB2ENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0xA4u)
#define CHIP_UART_ENABLE_BIT 14
#elif BOARD_UART_BASE == 0x40004400u /* USART2: APB1ENR1 */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x9Cu)
#define CHIP_UART_ENABLE_BIT 17
#elif BOARD_UART_BASE == 0x40004800u /* USART3: APB1ENR1 */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x9Cu)
#define CHIP_UART_ENABLE_BIT 18
#else
#error "uart.base of the profile is not USART1, 2 or 3 of an STM32U5"
#endif

#endif
