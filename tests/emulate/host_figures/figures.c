/* What a platform that is this machine says of itself, whatever harness is around it. */
#include "platform.h"

uint32_t platform_clock_hz(void) {
    return 1000000;
}

uint32_t platform_stack_used(void) {
    return 1;
}

uint32_t platform_stack_size(void) {
    return 2;
}

platform_kind platform_origin(void) {
    return PLATFORM_HARDWARE;
}

const char *platform_image_sha256(void) {
    return "0";
}

const char *platform_board_name(void) {
    return "host";
}

const char *platform_firmware_version(void) {
    return "0";
}
