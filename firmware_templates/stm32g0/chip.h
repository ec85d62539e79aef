/* STM32G0x1 (RM0444): where its UARTs and pins are. */
#ifndef CHIP_H
#define CHIP_H

#include "board.h"

#define CHIP_RCC 0x40021000u
#define CHIP_GPIO_BASE 0x50000000u
#define CHIP_GPIO_ENABLE (CHIP_RCC + 0x34u) /* IOPENR */
#define CHIP_UART_CLOCK_HZ BOARD_CLOCK_HZ
#define CHIP_UART_IS_LOW_POWER 0
#define CHIP_UART_FUNCTION 1 /* of PA2, PA3, PA9 and PA10 */

#if BOARD_UART_BASE == 0x40013800u /* USART1: APBENR2 */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x40u)
#define CHIP_UART_ENABLE_BIT 14
#elif BOARD_UART_BASE == 0x40004400u /* USART2: APBENR1 */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x3Cu)
#define CHIP_UART_ENABLE_BIT 17
#else
#error "uart.base of the profile is not USART1 or 2 of an STM32G0"
#endif

#endif
