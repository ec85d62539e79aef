/* The serial line as the protocol sees it. */
#include "platform.h"
#include "small.h"
#include "uart.h"

SMALL_CODE_BEGIN

enum { RING_BYTES = 256 }; /* power of two; holds more than the two lines a host may be ahead */

/* The hardware holds few received characters.  Those that arrive while the firmware is sending
 * are kept here, so that the host need not be silent meanwhile. */
static uint8_t ring[RING_BYTES];
static uint32_t ring_written, ring_read;

static void keep_received(void) {
    if (ring_written - ring_read < RING_BYTES) {
        int c = uart_receive();
        if (c >= 0) {
            ring[ring_written++ % RING_BYTES] = (uint8_t)c;
        }
    }
}

int platform_try_char(void) {
    if (ring_read != ring_written) {
        return ring[ring_read++ % RING_BYTES];
    }
    return uart_receive();
}

void platform_put_char(char c) {
    while (!uart_can_send()) {
        keep_received();
    }
    uart_send((uint8_t)c);
}

void platform_flush(void) {
    while (!uart_has_sent()) {
        keep_received();
    }
}

SMALL_CODE_END
