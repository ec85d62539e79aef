/* Caches of a Cortex-M7 (Arm DDI0403, B2.2; DDI0489, 4.5). */
#include "core.h"
#include "small.h"
#include "stm32.h"

SMALL_CODE_BEGIN

#define SCB_CCSIDR CORE_REGISTER(0xE000ED80u)
#define SCB_CSSELR CORE_REGISTER(0xE000ED84u)
#define SCB_ICIALLU CORE_REGISTER(0xE000EF50u)
#define SCB_DCISW CORE_REGISTER(0xE000EF60u)

enum { CCR_DATA_CACHE = 1 << 16, CCR_INSTRUCTION_CACHE = 1 << 17 };

static void barrier(void) {
    __asm volatile("dsb\n"
                   "isb\n" ::
                       : "memory");
}

/* The data cache has four ways of 32-byte lines; how many sets, the chip's maker decides. */
static void invalidate_data_cache(void) {
    SCB_CSSELR = 0;
    barrier();
    uint32_t last_set = SCB_CCSIDR >> 13 & 0x7FFF;
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way < 4; way++) {
            SCB_DCISW = way << 30 | set << 5;
        }
    }
    barrier();
}

void stm32_caches_start(void) {
    barrier();
    SCB_ICIALLU = 0;
    invalidate_data_cache();
    SCB_CCR |= CCR_INSTRUCTION_CACHE | CCR_DATA_CACHE;
    barrier();
}

SMALL_CODE_END
