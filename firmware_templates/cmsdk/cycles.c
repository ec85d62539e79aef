/* Time from the core's cycle counter (DWT CYCCNT, Armv7-M reference manual C1.8). */
#include "board.h"
#include "platform.h"
#include "text.h"

#define DEMCR (*(volatile uint32_t *)0xE000EDFCu)
#define DWT_CTRL (*(volatile uint32_t *)0xE0001000u)
#define DWT_CYCCNT (*(volatile uint32_t *)0xE0001004u)

enum { DEMCR_TRCENA = 1 << 24, DWT_CYCCNTENA = 1 };

static uint32_t last, wraps;

void cycles_start(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CYCCNTENA;
}

/* Not inlined, so that two readings differ by exactly what lies between the calls. */
__attribute__((noinline)) uint64_t platform_cycles(void) {
    uint32_t now = DWT_CYCCNT;
    wraps += now < last;
    last = now;
    return (uint64_t)wraps << 32 | now;
}

uint64_t platform_time_us(void) {
    uint64_t seconds = platform_cycles();
    uint64_t rest = (uint64_t)text_divide(&seconds, BOARD_CLOCK_HZ) * 1000000u;
    text_divide(&rest, BOARD_CLOCK_HZ);
    return seconds * 1000000u + rest;
}

uint32_t platform_clock_hz(void) {
    return BOARD_CLOCK_HZ;
}
