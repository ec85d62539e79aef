/* What the files that bring a board up share. */
#ifndef STARTUP_H
#define STARTUP_H

#include <stdint.h>

/* From the linker script; the stack is the lowest part of RAM. */
extern uint32_t __stack_start[], __stack_end[];

/* The board's part: clock, flash and caches as board.h says.  The cycle counter runs. */
void board_start(void);

/* At least so many cycles. */
void startup_delay(uint32_t cycles);

/* Time and watchdog. */
void cycles_start(void);
/* Whether the counter counts, to be asked once the line can tell that it does not. */
void cycles_check(void);
void SysTick_Handler(void);

/* Tells faults apart from now on. */
void fault_start(void);
/* Reports what made the watchdog reset the board, if it did. */
void fault_report_last(void);
/* Reports where `frame` says the firmware hangs, and resets. */
void fault_watchdog(const uint32_t *frame) __attribute__((noreturn));
void Fault_Handler(void);

/* The core's exception frame: r0-r3, r12, lr, pc, xpsr. */
enum { FRAME_WORDS = 8, FRAME_LR = 5, FRAME_PC = 6 };

#endif
