/* Start-up and faults of a Cortex-M4F: vector table, FPU, .data, .bss, stack paint. */
#include "platform.h"
#include "text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* From the linker script; the value of __stack_size is the symbol's address. */
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];
extern uint32_t __stack_end[], __stack_size[];

int main(void);
void Reset_Handler(void);
void Fault_Handler(void);
void startup_run(void);
void startup_report_fault(const uint32_t *frame, uint32_t exception);

#define PAINT 0xA5A5A5A5u
#define CFSR (*(const volatile uint32_t *)0xE000ED28u)
/* Auxiliary fault status: 0 on a Cortex-M4; edgeprune's emulator marks itself there. */
#define AFSR (*(const volatile uint32_t *)0xE000ED3Cu)
#define EMULATOR_MARK 0x554C4D45u

enum {
    EXCEPTIONS = 16,
    INTERRUPTS = 32,
    FRAME_WORDS = 8, /* pushed by the core on exception entry: r0-r3, r12, lr, pc, xpsr */
    FRAME_PC = 6
};

typedef union {
    void (*handler)(void);
    uint32_t *stack;
} vector;

/* No interrupt is ever enabled, so whatever arrives in Fault_Handler is a fault. */
__attribute__((section(".vectors"), used)) static const vector vectors[EXCEPTIONS + INTERRUPTS] = {
    [0] = {.stack = __stack_end},
    [1] = {.handler = Reset_Handler},
    [2 ... EXCEPTIONS + INTERRUPTS - 1] = {.handler = Fault_Handler},
};

/* The FPU is switched on (CPACR, full access to CP10 and CP11) before any compiled
 * code could use it. */
__attribute__((naked, noreturn)) void Reset_Handler(void) {
    __asm volatile("movw r0, #0xED88\n"
                   "movt r0, #0xE000\n"
                   "ldr r1, [r0]\n"
                   "orr r1, r1, #0xF00000\n"
                   "str r1, [r0]\n"
                   "dsb\n"
                   "isb\n"
                   "b startup_run\n");
}

static void halt(void) {
    for (;;) {
        __asm volatile("wfi");
    }
}

/* Everything between .bss and the stack pointer is painted, not just the reserved part,
 * so that an overflow of the reserve shows.  volatile: as a call of memset the loop would
 * overwrite the frame of that call. */
static void paint_stack(void) {
    volatile uint32_t *end;
    __asm volatile("mov %0, sp" : "=r"(end));
    for (volatile uint32_t *word = __bss_end; word < end; word++) {
        *word = PAINT;
    }
}

void startup_run(void) {
    paint_stack();
    memcpy(__data_start, __data_load, (size_t)((char *)__data_end - (char *)__data_start));
    memset(__bss_start, 0, (size_t)((char *)__bss_end - (char *)__bss_start));
    main();
    halt();
}

uint32_t platform_stack_used(void) {
    const volatile uint32_t *word = __bss_end;
    while (word < __stack_end && *word == PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)__stack_end - (uintptr_t)word);
}

uint32_t platform_stack_size(void) {
    return (uint32_t)(uintptr_t)__stack_size;
}

platform_kind platform_origin(void) {
    return AFSR == EMULATOR_MARK ? PLATFORM_EMULATED : PLATFORM_HARDWARE;
}

void platform_alive(void) {
}

static const char *fault_name(uint32_t exception) {
    static const char *const names[] = {"NMI", "HardFault", "MemManage", "BusFault", "UsageFault"};
    uint32_t index = exception - 2u;
    return index < sizeof names / sizeof names[0] ? names[index] : "exception";
}

void startup_report_fault(const uint32_t *frame, uint32_t exception) {
    /* The core fails again on a stack that cannot be read; report without the address then. */
    int readable = frame >= __bss_end && frame + FRAME_WORDS <= __stack_end;
    text_string("\r\ne-[fault ");
    text_string(fault_name(exception));
    text_char(' ');
    text_unsigned(exception);
    text_string(" at 0x");
    text_hex32(readable ? frame[FRAME_PC] : 0);
    text_string(", CFSR 0x");
    text_hex32(CFSR);
    text_line("]");
    halt();
}

/* Naked: the frame starts at the stack pointer exactly as the core left it. */
__attribute__((naked)) void Fault_Handler(void) {
    __asm volatile("mov r0, sp\n"
                   "mrs r1, ipsr\n"
                   "b startup_report_fault\n");
}
