/* STM32H7A3, H7B3 (RM0455): where its UARTs and pins are. */
#ifndef CHIP_H
#define CHIP_H

#include "board.h"

#define CHIP_RCC 0x58024400u
#define CHIP_GPIO_BASE 0x58020000u
#define CHIP_GPIO_ENABLE (CHIP_RCC + 0x140u) /* AHB4ENR */
#define CHIP_UART_CLOCK_HZ (BOARD_CLOCK_HZ / 2u)
#define CHIP_UART_IS_LOW_POWER 0
#define CHIP_UART_FUNCTION 7

#if BOARD_UART_BASE == 0x40011000u /* USART1: APB2ENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x150u)
#define CHIP_UART_ENABLE_BIT 4
#elif BOARD_UART_BASE == 0x40004400u /* USART2: APB1LENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x148u)
#define CHIP_UART_ENABLE_BIT 17
#elif BOARD_UART_BASE == 0x40004800u /* USART3: APB1LENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x148u)
#define CHIP_UART_ENABLE_BIT 18
#else
#error "uart.base of the profile is not USART1, 2 or 3 of an STM32H7A3"
#endif

#endif
