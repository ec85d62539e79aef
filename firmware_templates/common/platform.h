/* What a platform provides to the files in common/, and the files there to each other. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

/* The next character from the host; -1 when none has come. */
int platform_try_char(void);
void platform_put_char(char c);
/* Returns once the last character has left the pin, so that a reset does not cut it off. */
void platform_flush(void);

/* CPU cycles since start.  Never wraps in practice and never steps back. */
uint64_t platform_cycles(void);
/* Microseconds since start. */
uint64_t platform_time_us(void);
uint32_t platform_clock_hz(void);

/* Tells the watchdog that the firmware makes progress: before every inference and while it
 * waits for the host. */
void platform_alive(void);
void platform_reset(void) __attribute__((noreturn));

/* Deepest use of the stack since start, and the size reserved for it, in bytes. */
uint32_t platform_stack_used(void);
uint32_t platform_stack_size(void);

/* Who runs this: the figures of an emulator must never pass for measured ones. */
typedef enum {
    PLATFORM_HARDWARE,
    PLATFORM_EMULATED, /* edgeprune's own emulator, which counts cycles */
    PLATFORM_QEMU      /* whose clock counts instructions */
} platform_kind;
platform_kind platform_origin(void);

const char *platform_board_name(void);
const char *platform_firmware_version(void);
/* SHA-256 of the image, 64 hexadecimal digits; the build writes it in. */
const char *platform_image_sha256(void);

#endif
