/* Clock and voltage of an STM32F4 or F7 (RM0090, RM0390 and RM0385: sections PWR "Over-drive
 * mode" and RCC).  From the internal 16 MHz, so that it fits boards with any crystal. */
#include "chip.h"
#include "platform.h"
#include "small.h"
#include "startup.h"
#include "stm32.h"

SMALL_CODE_BEGIN

#define RCC_CR (CHIP_RCC + 0x00u)
#define RCC_PLLCFGR (CHIP_RCC + 0x04u)
#define RCC_CFGR (CHIP_RCC + 0x08u)
#define RCC_APB1ENR (CHIP_RCC + 0x40u)
#define PWR_CR 0x40007000u
#define PWR_CSR 0x40007004u
#define FLASH_ACR 0x40023C00u

/* 2 MHz into the PLL, twice the core's clock out of its oscillator. */
#define PLL_M 8u
#define PLL_N (BOARD_CLOCK_HZ / 1000000u)
/* Above this the regulator needs over-drive; an STM32F405, which has none, ends here. */
#define NEEDS_OVERDRIVE (BOARD_CLOCK_HZ > 168000000u)

enum {
    CR_HSION = 1,
    CR_HSIRDY = 2,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    PLL_FIELDS = 3 << 16 | 1 << 22 | 0x7FFF, /* P (its 0 is 2), source (its 0 is the HSI), N, M */
    CFGR_SW = 3,
    CFGR_SWS = 3 << 2,
    CFGR_PRESCALERS = 15 << 4 | 7 << 10 | 7 << 13,
    CFGR_APB1_QUARTER = 5 << 10,
    CFGR_APB2_HALF = 4 << 13,
    PWR_ENABLE = 1 << 28,
    PWR_OVERDRIVE = 1 << 16,
    PWR_OVERDRIVE_SWITCH = 1 << 17, /* both bits have their ready flags in CSR at the same place */
    ACR_LATENCY = 15
};

static void start_overdrive(void) {
    stm32_set(PWR_CR, PWR_OVERDRIVE);
    stm32_wait(PWR_CSR, PWR_OVERDRIVE, PWR_OVERDRIVE);
    stm32_set(PWR_CR, PWR_OVERDRIVE_SWITCH);
    stm32_wait(PWR_CSR, PWR_OVERDRIVE_SWITCH, PWR_OVERDRIVE_SWITCH);
}

void board_start(void) {
    if (platform_origin() == PLATFORM_QEMU) {
        return; /* it has no such registers */
    }
    stm32_set(RCC_CR, CR_HSION);
    stm32_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    stm32_set(RCC_APB1ENR, PWR_ENABLE);
    stm32_field(PWR_CR, CHIP_VOLTAGE_SCALE, CHIP_VOLTAGE_SCALE);
    stm32_field(RCC_PLLCFGR, PLL_FIELDS, PLL_N << 6 | PLL_M);
    stm32_set(RCC_CR, CR_PLLON);
    if (NEEDS_OVERDRIVE) {
        start_overdrive();
    }
    stm32_settle(FLASH_ACR, ACR_LATENCY, BOARD_FLASH_WAIT_STATES);
    chip_accelerate_flash();
    stm32_field(RCC_CFGR, CFGR_PRESCALERS, CFGR_APB1_QUARTER | CFGR_APB2_HALF);
    stm32_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    stm32_field(RCC_CFGR, CFGR_SW, 2);
    stm32_wait(RCC_CFGR, CFGR_SWS, 2 << 2);
}

SMALL_CODE_END
