/* Voltage, clock, flash and cache of an STM32U5 (RM0456, sections 7.3.3, 8.4, 10.5.4 and 11.4). */
#include "chip.h"
#include "small.h"
#include "startup.h"
#include "stm32.h"

SMALL_CODE_BEGIN

#define RCC_CR (CHIP_RCC + 0x00u)
#define RCC_CFGR1 (CHIP_RCC + 0x1Cu)
#define RCC_CFGR2 (CHIP_RCC + 0x20u)
#define RCC_PLL1CFGR (CHIP_RCC + 0x28u)
#define RCC_PLL1DIVR (CHIP_RCC + 0x34u)
#define RCC_AHB3ENR (CHIP_RCC + 0x94u)
#define PWR_VOSR 0x4602080Cu
#define FLASH_ACR 0x40022000u
#define ICACHE_CR 0x40030400u
#define ICACHE_SR 0x40030404u

/* 8 MHz from the internal 16 MHz into the PLL, twice the core's clock out of its oscillator. */
#define PLL_M 2u
#define PLL_N (BOARD_CLOCK_HZ / 8000000u * 2u)

enum {
    CR_HSION = 1 << 8,
    CR_HSIRDY = 1 << 10,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    CFGR1_SW = 3,
    CFGR1_SWS = 3 << 2,
    CFGR2_HPRE = 15,
    CFGR2_HPRE_HALF = 8,
    PLL_FROM_HSI = 2,
    PLL_8_TO_16_MHZ = 3 << 2,
    PLL_BOOSTER_HALF = 1 << 12, /* the booster takes 4 to 16 MHz */
    PLL_R_ENABLE = 1 << 18,
    PWR_ENABLE = 1 << 2,
    VOSR_BOOSTER_READY = 1 << 14,
    VOSR_READY = 1 << 15,
    VOSR_RANGE = 3 << 16, /* all ones: range 1 */
    VOSR_BOOSTER = 1 << 18,
    ACR_LATENCY = 15,
    ACR_PREFETCH = 1 << 8,
    ICACHE_ENABLE = 1,
    ICACHE_BUSY = 1
};

/* The booster of the voltage regulator runs on the PLL's input, so that is chosen first. */
static void start_voltage(void) {
    stm32_set(RCC_CR, CR_HSION);
    stm32_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    STM32_REGISTER(RCC_PLL1CFGR) =
        PLL_FROM_HSI | PLL_8_TO_16_MHZ | (PLL_M - 1u) << 8 | PLL_BOOSTER_HALF | PLL_R_ENABLE;
    stm32_set(RCC_AHB3ENR, PWR_ENABLE);
    stm32_set(PWR_VOSR, VOSR_RANGE);
    stm32_wait(PWR_VOSR, VOSR_READY, VOSR_READY);
    stm32_set(PWR_VOSR, VOSR_BOOSTER);
    stm32_wait(PWR_VOSR, VOSR_BOOSTER_READY, VOSR_BOOSTER_READY);
}

/* On the way past 80 MHz the bus takes half the clock for a microsecond. */
static void start_clock(void) {
    STM32_REGISTER(RCC_PLL1DIVR) = (PLL_N - 1u) | 1u << 9 | 1u << 16 | 1u << 24; /* P = Q = R = 2 */
    stm32_set(RCC_CR, CR_PLLON);
    stm32_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    stm32_field(RCC_CFGR2, CFGR2_HPRE, CFGR2_HPRE_HALF);
    stm32_field(RCC_CFGR1, CFGR1_SW, 3);
    stm32_wait(RCC_CFGR1, CFGR1_SWS, 3 << 2);
    startup_delay(BOARD_CLOCK_HZ / 1000000u);
    stm32_field(RCC_CFGR2, CFGR2_HPRE, 0);
}

void board_start(void) {
    start_voltage();
    stm32_settle(FLASH_ACR, ACR_LATENCY, BOARD_FLASH_WAIT_STATES);
    stm32_field(FLASH_ACR, ACR_PREFETCH, BOARD_FLASH_PREFETCH ? ACR_PREFETCH : 0);
    stm32_wait(ICACHE_SR, ICACHE_BUSY, 0); /* it invalidates itself after reset */
    stm32_set(ICACHE_CR, ICACHE_ENABLE);
    start_clock();
}

SMALL_CODE_END
