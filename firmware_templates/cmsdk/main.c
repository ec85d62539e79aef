#include "board.h"
#include "platform.h"
#include "protocol.h"

const char *platform_board_name(void) {
    return BOARD_NAME;
}

const char *platform_firmware_version(void) {
    return BOARD_FIRMWARE_VERSION;
}

int main(void) {
    cycles_start();
    uart_start();
    protocol_start();
    for (;;) {
        platform_alive();
        int c = platform_try_char();
        if (c >= 0) {
            protocol_receive((char)c);
        }
    }
}
