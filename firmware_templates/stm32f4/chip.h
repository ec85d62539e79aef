/* STM32F4 (RM0090, RM0390): where its UARTs and pins are. */
#ifndef CHIP_H
#define CHIP_H

#include "board.h"

#define CHIP_RCC 0x40023800u
#define CHIP_GPIO_BASE 0x40020000u
#define CHIP_GPIO_ENABLE (CHIP_RCC + 0x30u) /* AHB1ENR */
/* PWR_CR: scale 1.  Chips with over-drive have a second bit; it is set from reset on. */
#define CHIP_VOLTAGE_SCALE (1u << 14)

void chip_accelerate_flash(void);

#if BOARD_UART_BASE == 0x40011000u /* USART1: APB2ENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x44u)
#define CHIP_UART_ENABLE_BIT 4
#define CHIP_UART_FUNCTION 7
#define CHIP_UART_CLOCK_HZ (BOARD_CLOCK_HZ / 2u)
#elif BOARD_UART_BASE == 0x40011400u /* USART6: APB2ENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x44u)
#define CHIP_UART_ENABLE_BIT 5
#define CHIP_UART_FUNCTION 8
#define CHIP_UART_CLOCK_HZ (BOARD_CLOCK_HZ / 2u)
#elif BOARD_UART_BASE == 0x40004400u /* USART2: APB1ENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x40u)
#define CHIP_UART_ENABLE_BIT 17
#define CHIP_UART_FUNCTION 7
#define CHIP_UART_CLOCK_HZ (BOARD_CLOCK_HZ / 4u)
#elif BOARD_UART_BASE == 0x40004800u /* USART3: APB1ENR */
#define CHIP_UART_ENABLE (CHIP_RCC + 0x40u)
#define CHIP_UART_ENABLE_BIT 18
#define CHIP_UART_FUNCTION 7
#define CHIP_UART_CLOCK_HZ (BOARD_CLOCK_HZ / 4u)
#else
#error "uart.base of the profile is not USART1, 2, 3 or 6 of an STM32F4"
#endif

#endif
