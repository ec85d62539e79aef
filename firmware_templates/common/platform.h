/* What a platform folder provides to the files in common/. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

/* Waits for the next character from the host. */
char platform_get_char(void);
void platform_put_char(char c);

/* Free-running CPU cycle counter; wraps at 2^32.  Must be read at least once per wrap for
 * platform_time_us to stay right: every inference and every wait for the host does. */
uint32_t platform_cycles(void);
/* Microseconds since start. */
uint64_t platform_time_us(void);
uint32_t platform_clock_hz(void);

/* Deepest use of the stack since start, and the size reserved for it, in bytes. */
uint32_t platform_stack_used(void);
uint32_t platform_stack_size(void);

/* Whether an emulator runs this: its figures must never pass for measured ones. */
int platform_emulated(void);

const char *platform_board_name(void);
const char *platform_firmware_version(void);

#endif
