/* platform_assert(condition): what must hold on any board and for any host.  Where it does
 * not, the board reports file and line as a fault and stops. */
#ifndef PLATFORM_ASSERT_H
#define PLATFORM_ASSERT_H

#include <stdint.h>

void platform_assertion_failed(const char *file, uint32_t line) __attribute__((noreturn));

/* Sources are compiled from within their folder, so __FILE__ is a bare name. */
#define platform_assert(condition)                                                                 \
    ((condition) ? (void)0 : platform_assertion_failed(__FILE__, __LINE__))

#endif
