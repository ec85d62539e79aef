/* CMSDK APB UART (Arm DDI0479), polled. */
#include "board.h"
#include "platform.h"

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
    DIVIDER_MINIMUM = 16, /* the hardware's own limit */
    RING_BYTES = 256      /* power of two; holds more than the two lines a host may be ahead */
};

/* The hardware holds one received byte.  Bytes that arrive while the firmware is sending
 * are kept here, so that the host need not be silent meanwhile. */
static uint8_t ring[RING_BYTES];
static uint32_t ring_written, ring_read;

static void keep_received(void) {
    if ((UART->state & STATE_RX_FULL) != 0 && ring_written - ring_read < RING_BYTES) {
        ring[ring_written++ % RING_BYTES] = (uint8_t)UART->data;
    }
}

void uart_start(void) {
    uint32_t divider = (BOARD_CLOCK_HZ + BOARD_UART_BAUD / 2u) / BOARD_UART_BAUD;
    UART->divider = divider < DIVIDER_MINIMUM ? DIVIDER_MINIMUM : divider;
    UART->control = CONTROL_TX_ENABLE | CONTROL_RX_ENABLE;
}

int platform_try_char(void) {
    if (ring_read != ring_written) {
        return ring[ring_read++ % RING_BYTES];
    }
    return (UART->state & STATE_RX_FULL) != 0 ? (int)(UART->data & 0xFFu) : -1;
}

/* The hardware does not tell when its shift register is empty: wait for ten bit times. */
void platform_flush(void) {
    while ((UART->state & STATE_TX_FULL) != 0) {
        keep_received();
    }
    uint64_t end = platform_cycles() + 10u * (BOARD_CLOCK_HZ / BOARD_UART_BAUD);
    while (platform_cycles() < end) {
        keep_received();
    }
}

void platform_put_char(char c) {
    while ((UART->state & STATE_TX_FULL) != 0) {
        keep_received();
    }
    UART->data = (uint8_t)c;
}
