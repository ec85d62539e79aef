/* Start-up of any Cortex-M: vector table, stack, FPU, .data, .bss. */
#include "core.h"
#include "platform.h"
#include "small.h"
#include "startup.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

SMALL_CODE_BEGIN

/* From the linker script. */
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];

int main(void);
void Reset_Handler(void);
void startup_run(void);

#define PAINT 0xA5A5A5A5u

enum { EXCEPTIONS = 16, SYSTICK = 15 };

typedef union {
    void (*handler)(void);
    uint32_t *stack;
} vector;

/* Interrupts of devices stay disabled, so the table ends before theirs. */
__attribute__((section(".vectors"), used)) static const vector vectors[EXCEPTIONS] = {
    [0] = {.stack = __stack_end},      [1] = {.handler = Reset_Handler},
    [2] = {.handler = Fault_Handler},  [3] = {.handler = Fault_Handler},
    [4] = {.handler = Fault_Handler},  [5] = {.handler = Fault_Handler},
    [6] = {.handler = Fault_Handler},  [7] = {.handler = Fault_Handler},
    [8] = {.handler = Fault_Handler},  [9] = {.handler = Fault_Handler},
    [10] = {.handler = Fault_Handler}, [11] = {.handler = Fault_Handler},
    [12] = {.handler = Fault_Handler}, [13] = {.handler = Fault_Handler},
    [14] = {.handler = Fault_Handler}, [SYSTICK] = {.handler = SysTick_Handler},
};

/* A bootloader may have left interrupts on and another stack.  The FPU and Helium are switched
 * on (CPACR, full access to CP10 and CP11) before any compiled code could use them. */
__attribute__((naked, noreturn)) void Reset_Handler(void) {
    __asm volatile("cpsid i\n"
                   "movs r0, #0\n"
                   "msr control, r0\n"
                   "isb\n"
#if CORE_ARMV8M
                   "msr msplim, r0\n"
#endif
                   "ldr r0, 1f\n"
                   "mov sp, r0\n"
#if CORE_ARMV8M
                   "ldr r0, 3f\n"
                   "msr msplim, r0\n"
#endif
#if defined(__ARM_FP)
                   "ldr r0, 4f\n"
                   "ldr r1, [r0]\n"
                   "orr r1, r1, #0xF00000\n"
                   "str r1, [r0]\n"
                   "dsb\n"
                   "isb\n"
#endif
                   "ldr r0, 2f\n"
                   "bx r0\n"
                   ".p2align 2\n"
                   "1: .word __stack_end\n"
                   "2: .word startup_run\n"
#if CORE_ARMV8M
                   "3: .word __stack_start\n"
#endif
#if defined(__ARM_FP)
                   "4: .word 0xE000ED88\n"
#endif
    );
}

static void disable_interrupts(void) {
    SYST_CSR = 0;
    for (int i = 0; i < NVIC_WORDS; i++) {
        (&NVIC_ICER)[i] = UINT32_MAX;
        (&NVIC_ICPR)[i] = UINT32_MAX;
    }
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
    __asm volatile("dsb\n"
                   "cpsie i\n" ::
                       : "memory");
}

/* volatile: as a call of memset the loop would overwrite the frame of that call. */
static void paint_stack(void) {
    volatile uint32_t *end;
    __asm volatile("mov %0, sp" : "=r"(end));
    for (volatile uint32_t *word = __stack_start; word < end; word++) {
        *word = PAINT;
    }
}

__attribute__((noreturn)) void startup_run(void) {
    disable_interrupts();
    paint_stack();
    memcpy(__data_start, __data_load, (size_t)((char *)__data_end - (char *)__data_start));
    memset(__bss_start, 0, (size_t)((char *)__bss_end - (char *)__bss_start));
    fault_start();
    main();
    platform_reset(); /* main does not return */
}

void startup_delay(uint32_t cycles) {
    for (; cycles > 0; cycles--) {
        __asm volatile("");
    }
}

uint32_t platform_stack_used(void) {
    const volatile uint32_t *word = __stack_start;
    while (word < __stack_end && *word == PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)__stack_end - (uintptr_t)word);
}

uint32_t platform_stack_size(void) {
    return (uint32_t)((uintptr_t)__stack_end - (uintptr_t)__stack_start);
}

void platform_reset(void) {
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = 0x05FA0004u; /* the key, SYSRESETREQ */
    for (;;) {
        __asm volatile("dsb" ::: "memory");
    }
}

SMALL_CODE_END
