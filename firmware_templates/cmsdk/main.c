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
        protocol_receive(platform_get_char());
    }
}
