/* Whatever is fatal: faults, a stack that overflows, failed assertions, a firmware that hangs.
 * The board tells what happened and where, in the lines that docs/protocol.md describes. */
#include "board.h"
#include "core.h"
#include "crc32.h"
#include "platform.h"
#include "platform_assert.h"
#include "small.h"
#include "startup.h"

#include <string.h>

SMALL_CODE_BEGIN

#define SHPR3_SYSTICK_LOWEST 0xFF000000u

enum {
    CFSR_STACKING = 1 << 4 | 1 << 12, /* MSTKERR, STKERR: the frame could not be pushed */
    CFSR_STACK_LIMIT = 1 << 20,       /* STKOF, Armv8-M */
    SHCSR_FAULTS = 7 << 16,           /* MemManage, BusFault and UsageFault enabled */
    CCR_DIVIDE_BY_ZERO = 1 << 4,
    DETAIL_CHARACTERS = 48
};

/* What the assembler below leaves; fault_report relies on the order. */
static struct {
    uint32_t frame[FRAME_WORDS]; /* zeros where the stack did not hold one */
    uint32_t sp;
    uint32_t exception;
} entry;

/* Survives a reset, so start-up does not clear it: only magic and CRC tell it from the noise
 * that RAM powers up with. */
static struct {
    uint32_t magic;
    uint32_t crc;
    char summary[40];
    char line[192]; /* 14 + 13 * 9 + DETAIL_CHARACTERS and what stands around them */
} record __attribute__((section(".noinit")));

#define RECORD_MAGIC 0x45504654u

void fault_start(void) {
#if !CORE_ARMV6M
    SCB_SHCSR |= SHCSR_FAULTS;
    SCB_CCR |= CCR_DIVIDE_BY_ZERO;
#endif
    SCB_SHPR3 |= SHPR3_SYSTICK_LOWEST; /* so that no fault waits for the watchdog */
}

static char *add_string(char *end, const char *string) {
    while (*string != '\0') {
        *end++ = *string++;
    }
    return end;
}

static char *add_hex(char *end, uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        *end++ = "0123456789ABCDEF"[value >> shift & 15];
    }
    return end;
}

static char *add_decimal(char *end, uint32_t value) {
    uint32_t power = 1;
    while (value / 10u >= power) {
        power *= 10u;
    }
    for (; power > 0; power /= 10u) {
        *end++ = (char)('0' + value / power % 10u);
    }
    return end;
}

/* Fills the record from `entry`. */
static void describe(const char *kind, const char *detail) {
    char *end = add_string(record.summary, "e-[fault ");
    end = add_string(end, kind);
    end = add_string(end, " at 0x");
    end = add_hex(end, entry.frame[FRAME_PC]);
    end = add_string(end, "]");
    *end = '\0';
    end = add_string(record.line, "ep-fault-[");
    end = add_string(end, kind);
    for (int i = 0; i < FRAME_WORDS; i++) {
        *end++ = ',';
        end = add_hex(end, entry.frame[i]);
    }
    const uint32_t status[] = {
        entry.sp,
#if CORE_ARMV6M
        0,        0, 0, 0,
#else
        SCB_CFSR, SCB_HFSR, SCB_MMFAR, SCB_BFAR,
#endif
    };
    for (uint32_t i = 0; i < sizeof status / sizeof status[0]; i++) {
        *end++ = ',';
        end = add_hex(end, status[i]);
    }
    *end++ = ',';
    end = add_string(end, detail);
    end = add_string(end, "]");
    *end = '\0';
    record.crc = crc32(record.line, (size_t)(end - record.line));
}

static void send_line(const char *string) {
    while (*string != '\0') {
        platform_put_char(*string++);
    }
    platform_put_char('\r');
    platform_put_char('\n');
}

static void send_record(void) {
    char line[32];
    char *end = add_string(line, "ep-crc32-[");
    end = add_hex(end, record.crc);
    end = add_string(end, "]");
    *end = '\0';
    send_line(record.summary);
    send_line(record.line);
    send_line(line);
}

static void report(void) {
    send_record();
    send_line("m-ready");
}

/* Any command is answered by the report, since nothing can be computed any more. */
__attribute__((noreturn)) static void post_mortem(void) {
    static const char reset[] = "ep reset";
    uint32_t matched = 0;
    send_line(""); /* the report may cut into a line */
    report();
    for (;;) {
        int c = platform_try_char();
        if (c == '%') {
            if (matched == sizeof reset - 1) {
                platform_flush();
                platform_reset();
            }
            report();
            matched = 0;
        } else if (c >= ' ') {
            matched =
                matched < sizeof reset && reset[matched] == (char)c ? matched + 1 : sizeof reset;
        }
    }
}

static int stack_overflowed(void) {
#if !CORE_ARMV6M
    if ((SCB_CFSR & (CFSR_STACKING | CFSR_STACK_LIMIT)) != 0) {
        return 1;
    }
#endif
    return entry.sp <= (uint32_t)(uintptr_t)__stack_start;
}

__attribute__((used, noreturn)) static void fault_report(void) {
    static const char *const names[] = {"NMI", "HardFault", "MemManage", "BusFault", "UsageFault"};
    char other[16];
    const char *name = other;
    uint32_t index = entry.exception - 2u;
    if (stack_overflowed()) {
        name = "stack overflow";
    } else if (index < sizeof names / sizeof names[0]) {
        name = names[index];
    } else {
        *add_decimal(add_string(other, "exception "), entry.exception) = '\0';
    }
    describe(name, "");
    post_mortem();
}

/* The stack may be gone: until the stack pointer is back at its top nothing is pushed.  A frame
 * is taken from where the stack is only, and not from its very bottom, where Armv8-M leaves the
 * pointer when the frame did not fit. */
__attribute__((naked)) void Fault_Handler(void) {
    __asm volatile("ldr r1, 2f\n"
                   "mov r0, sp\n"
                   "str r0, [r1, #32]\n"
                   "mrs r2, ipsr\n"
                   "str r2, [r1, #36]\n"
                   "ldr r2, 3f\n"
                   "ldr r3, 4f\n"
                   "mov sp, r3\n"
                   "subs r3, r3, #32\n"
                   "cmp r0, r2\n"
                   "bls 1f\n"
                   "cmp r0, r3\n"
                   "bhi 1f\n"
                   "ldmia r0!, {r4-r7}\n"
                   "stmia r1!, {r4-r7}\n"
                   "ldmia r0!, {r4-r7}\n"
                   "stmia r1!, {r4-r7}\n"
                   "1: ldr r0, 5f\n"
                   "bx r0\n"
                   ".p2align 2\n"
                   "2: .word %c[entry]\n"
                   "3: .word __stack_start\n"
                   "4: .word __stack_end\n"
                   "5: .word %c[report]\n"
                   :
                   : [entry] "i"(&entry), [report] "i"(fault_report));
}

/* The registers of an assertion are those of its place, as far as C can name them. */
void platform_assertion_failed(const char *file, uint32_t line) {
    char detail[DETAIL_CHARACTERS];
    char *end = detail;
    __asm volatile("cpsid i");
    memset(&entry, 0, sizeof entry);
    entry.frame[FRAME_PC] = (uint32_t)(uintptr_t)__builtin_return_address(0) & ~1u;
    __asm volatile("mov %0, sp" : "=r"(entry.sp));
    while (*file != '\0' && end < detail + DETAIL_CHARACTERS - 12) {
        *end++ = *file++;
    }
    *end++ = ':';
    *add_decimal(end, line) = '\0';
    describe("assertion", detail);
    post_mortem();
}

/* A reset forgets what only the data cache knows (DCCMVAC cleans the line of an address). */
static void keep_record(void) {
    record.magic = RECORD_MAGIC;
#if BOARD_DATA_CACHE
    enum { LINE_BYTES = 32 };
    uint32_t start = (uint32_t)(uintptr_t)&record & ~(LINE_BYTES - 1u);
    __asm volatile("dsb" ::: "memory");
    for (uint32_t line = start; line < (uint32_t)(uintptr_t)(&record + 1); line += LINE_BYTES) {
        SCB_DCCMVAC = line;
    }
#endif
}

void fault_watchdog(const uint32_t *frame) {
    memcpy(entry.frame, frame, sizeof entry.frame);
    entry.sp = (uint32_t)(uintptr_t)frame;
    describe("watchdog", "");
    send_line("");
    report();
    keep_record();
    platform_flush();
    platform_reset();
}

void fault_report_last(void) {
    if (record.magic == RECORD_MAGIC) {
        record.summary[sizeof record.summary - 1] = '\0';
        record.line[sizeof record.line - 1] = '\0';
        if (record.crc == crc32(record.line, strlen(record.line))) {
            send_record();
        }
    }
    record.magic = 0;
}

SMALL_CODE_END
