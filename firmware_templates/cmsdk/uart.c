/* CMSDK APB UART (Arm DDI0479), polled. */
#include "board.h"
#include "uart.h"

#include <stdint.h>

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t divider;
} cmsdk_uart;

#define UART ((cmsdk_uart *)BOARD_UART_BASE)

enum {
    STATE_TX_FULL = 1,
    STATE_RX_FULL = 2,
    CONTROL_TX_ENABLE = 1,
    CONTROL_RX_ENABLE = 2,
    DIVIDER_MINIMUM = 16 /* the hardware's own limit */
};

void uart_start(void) {
    uint32_t divider = (BOARD_CLOCK_HZ + BOARD_UART_BAUD / 2u) / BOARD_UART_BAUD;
    UART->divider = divider < DIVIDER_MINIMUM ? DIVIDER_MINIMUM : divider;
    UART->control = CONTROL_TX_ENABLE | CONTROL_RX_ENABLE;
    (void)UART->data; /* drops what is stale; QEMU passes on what the host sends from here on */
}

int uart_receive(void) {
    return (UART->state & STATE_RX_FULL) != 0 ? (int)(UART->data & 0xFFu) : -1;
}

int uart_can_send(void) {
    return (UART->state & STATE_TX_FULL) == 0;
}

void uart_send(uint8_t c) {
    UART->data = c;
}

/* The hardware does not tell when its shift register is empty: wait for ten bit times.  Not by
 * the counter, which stands still in a fault handler; a turn of the loop takes 2 cycles or more. */
int uart_has_sent(void) {
    if (!uart_can_send()) {
        return 0;
    }
    for (uint32_t turns = 5u * (BOARD_CLOCK_HZ / BOARD_UART_BAUD); turns > 0; turns--) {
        __asm volatile("");
    }
    return 1;
}
