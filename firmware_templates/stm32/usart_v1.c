/* The USART of an STM32F4 (RM0090, section 30.6), polled. */
#include "chip.h"
#include "stm32.h"
#include "uart.h"

#include <stdint.h>

typedef struct {
    volatile uint32_t status;
    volatile uint32_t data;
    volatile uint32_t divider;
    volatile uint32_t control;
} stm32_usart;

#define UART ((stm32_usart *)BOARD_UART_BASE)

enum {
    STATUS_RECEIVED = 1 << 5,
    STATUS_COMPLETE = 1 << 6,
    STATUS_EMPTY = 1 << 7,
    CONTROL_RECEIVER = 1 << 2,
    CONTROL_TRANSMITTER = 1 << 3,
    CONTROL_ENABLE = 1 << 13
};

void uart_start(void) {
    stm32_uart_connect();
    UART->divider = (CHIP_UART_CLOCK_HZ + BOARD_UART_BAUD / 2u) / BOARD_UART_BAUD;
    UART->control = CONTROL_ENABLE | CONTROL_TRANSMITTER | CONTROL_RECEIVER;
}

/* Status, then data: that order also clears an overrun. */
int uart_receive(void) {
    return (UART->status & STATUS_RECEIVED) != 0 ? (int)(UART->data & 0xFFu) : -1;
}

int uart_can_send(void) {
    return (UART->status & STATUS_EMPTY) != 0;
}

void uart_send(uint8_t c) {
    UART->data = c;
}

int uart_has_sent(void) {
    return (UART->status & STATUS_COMPLETE) != 0;
}
