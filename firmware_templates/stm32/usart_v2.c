/* The USART and LPUART of later STM32 (for example RM0432, sections 50.8 and 51.7), polled and
 * without their FIFO, which not all of them have. */
#include "chip.h"
#include "stm32.h"
#include "uart.h"

#include <stdint.h>

typedef struct {
    volatile uint32_t control;
    volatile uint32_t control2;
    volatile uint32_t control3;
    volatile uint32_t divider;
    volatile uint32_t guard;
    volatile uint32_t timeout;
    volatile uint32_t request;
    volatile uint32_t status;
    volatile uint32_t clear;
    volatile uint32_t received;
    volatile uint32_t transmit;
} stm32_usart;

#define UART ((stm32_usart *)BOARD_UART_BASE)

enum {
    CONTROL_ENABLE = 1 << 0,
    CONTROL_RECEIVER = 1 << 2,
    CONTROL_TRANSMITTER = 1 << 3,
    STATUS_OVERRUN = 1 << 3, /* cleared by the same bit of the clear register */
    STATUS_RECEIVED = 1 << 5,
    STATUS_COMPLETE = 1 << 6,
    STATUS_EMPTY = 1 << 7,
    /* An LPUART divides 256 times its clock, a USART with 16 samples a bit its clock. */
    DIVIDER_SCALE = CHIP_UART_IS_LOW_POWER ? 256 : 1
};

void uart_start(void) {
    stm32_uart_connect();
    UART->divider =
        (uint32_t)(((uint64_t)CHIP_UART_CLOCK_HZ * DIVIDER_SCALE + BOARD_UART_BAUD / 2u) /
                   BOARD_UART_BAUD);
    UART->control = CONTROL_ENABLE | CONTROL_TRANSMITTER | CONTROL_RECEIVER;
}

int uart_receive(void) {
    uint32_t status = UART->status;
    if ((status & STATUS_OVERRUN) != 0) {
        UART->clear = STATUS_OVERRUN;
    }
    return (status & STATUS_RECEIVED) != 0 ? (int)(UART->received & 0xFFu) : -1;
}

int uart_can_send(void) {
    return (UART->status & STATUS_EMPTY) != 0;
}

void uart_send(uint8_t c) {
    UART->transmit = c;
}

int uart_has_sent(void) {
    return (UART->status & STATUS_COMPLETE) != 0;
}
