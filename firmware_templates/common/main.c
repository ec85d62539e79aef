#include "board.h"
#include "platform.h"
#include "protocol.h"
#include "startup.h"
#include "uart.h"

/* The build writes the SHA-256 of the image in which these bytes are zero here. */
__attribute__((section(".identity"), used)) const uint8_t platform_identity[32] = {0};

const char *platform_board_name(void) {
    return BOARD_NAME;
}

const char *platform_firmware_version(void) {
    return BOARD_FIRMWARE_VERSION;
}

const char *platform_image_sha256(void) {
    static char text[2 * sizeof platform_identity + 1];
    const uint8_t *identity = platform_identity;
    __asm volatile("" : "+r"(identity)); /* the compiler must not take the zeros for granted */
    for (uint32_t i = 0; i < 2 * sizeof platform_identity; i++) {
        text[i] = "0123456789abcdef"[identity[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
    return text;
}

/* The counter comes first: it tells whether this is QEMU, which lacks clock registers. */
int main(void) {
    cycles_start();
    board_start();
    uart_start();
    cycles_check();
    fault_report_last();
    protocol_start();
    for (;;) {
        platform_alive();
        int c = platform_try_char();
        if (c >= 0) {
            protocol_receive((char)c);
        }
    }
}
