/* Time from the core's cycle counter (DWT CYCCNT, Arm DDI0403 C1.8), or from SysTick where the
 * core or its emulator has none; and the watchdog, which lives in SysTick's interrupt. */
#include "board.h"
#include "core.h"
#include "platform.h"
#include "platform_assert.h"
#include "startup.h"
#include "text.h"

#ifndef BOARD_WATCHDOG_SECONDS
#define BOARD_WATCHDOG_SECONDS 40
#endif

/* Whether the counter is SysTick: for ever, never, or as found out at the start. */
#if CORE_ARMV6M
#define USES_SYSTICK 1
#elif BOARD_QEMU
static int uses_systick;
#define USES_SYSTICK uses_systick
#else
#define USES_SYSTICK 0
#endif

enum {
    DEMCR_TRCENA = 1 << 24,
    CYCCNTENA = 1,
    SYSTICK_RUN = 7, /* enabled, interrupt, the core's clock */
    SYSTICK_BITS = 24,
    ICSR_PENDSTSET = 1 << 26
};
#define SYSTICK_MASK ((1u << SYSTICK_BITS) - 1)
/* Interrupts in a row without a sign of life; the first may come at once. */
#define WATCHDOG_TICKS                                                                             \
    ((uint32_t)(((uint64_t)BOARD_WATCHDOG_SECONDS * BOARD_CLOCK_HZ >> SYSTICK_BITS) + 2u))

/* Cycles up to the latest interrupt; only that writes them. */
static volatile uint32_t past_low, past_high;
static volatile uint32_t silent_ticks;

#if !CORE_ARMV6M
static int counts(void) {
    uint32_t start = DWT_CYCCNT;
    for (volatile int i = 0; i < 16; i++) {
    }
    return DWT_CYCCNT != start;
}

static void start_counter(void) {
    SCB_DEMCR |= DEMCR_TRCENA;
    DWT_LAR = 0xC5ACCE55u; /* a Cortex-M7 locks its counter; elsewhere nothing is there */
    DWT_CYCCNT = 0;
    DWT_CTRL |= CYCCNTENA;
}
#endif

void cycles_start(void) {
#if !CORE_ARMV6M
    start_counter();
#if BOARD_QEMU
    uses_systick = !counts();
#endif
#endif
    SYST_RVR = SYSTICK_MASK;
    SYST_CVR = 0;
    SYST_CSR = SYSTICK_RUN;
}

void cycles_check(void) {
#if !CORE_ARMV6M && !BOARD_QEMU
    platform_assert(counts());
#endif
}

/* SysTick counts down and asks for its interrupt when it reaches 0. */
static inline uint32_t systick_position(void) {
    return (0u - SYST_CVR) & SYSTICK_MASK;
}

/* Cycles since the latest interrupt.  Where SysTick has reached 0 and its interrupt has not run
 * yet, the first reading may be from before that moment and the second is not. */
static inline uint32_t recent_cycles(uint32_t low) {
    if (USES_SYSTICK) {
        uint32_t first = systick_position();
        uint32_t pending = SCB_ICSR & ICSR_PENDSTSET;
        uint32_t second = systick_position();
        return pending != 0 ? second + (1u << SYSTICK_BITS) : first;
    }
    return DWT_CYCCNT - low;
}

/* Not inlined, so that two readings differ by exactly what lies between the calls.  An interrupt
 * in the middle shows in past_low, which then differs; the interrupt comes long before the
 * counter could wrap around. */
__attribute__((noinline)) uint64_t platform_cycles(void) {
    uint32_t low, high, recent;
    do {
        low = past_low;
        high = past_high;
        recent = recent_cycles(low);
    } while (low != past_low);
    return ((uint64_t)high << 32 | low) + recent;
}

void platform_alive(void) {
    silent_ticks = 0;
}

__attribute__((used)) static void tick(const uint32_t *frame) {
    uint32_t low = past_low;
    uint32_t now = low + (USES_SYSTICK ? 1u << SYSTICK_BITS : DWT_CYCCNT - low);
    past_high += now < low;
    past_low = now;
    if (++silent_ticks > WATCHDOG_TICKS) {
        fault_watchdog(frame);
    }
}

__attribute__((naked)) void SysTick_Handler(void) {
    __asm volatile("mov r0, sp\n"
                   "ldr r1, 1f\n"
                   "bx r1\n"
                   ".p2align 2\n"
                   "1: .word %c[tick]\n"
                   :
                   : [tick] "i"(tick));
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

platform_kind platform_origin(void) {
    if (SCB_AFSR == EMULATOR_MARK) {
        return PLATFORM_EMULATED;
    }
    return USES_SYSTICK && BOARD_QEMU ? PLATFORM_QEMU : PLATFORM_HARDWARE;
}
