/* Supply, clock, flash and caches of an STM32H7A3 (RM0455, sections 4.3.8, 6.5, 6.6 and 8.5). */
#include "chip.h"
#include "small.h"
#include "startup.h"
#include "stm32.h"

SMALL_CODE_BEGIN

#define RCC_CR (CHIP_RCC + 0x00u)
#define RCC_CFGR (CHIP_RCC + 0x10u)
#define RCC_CDCFGR1 (CHIP_RCC + 0x18u)
#define RCC_CDCFGR2 (CHIP_RCC + 0x1Cu)
#define RCC_SRDCFGR (CHIP_RCC + 0x20u)
#define RCC_PLLCKSELR (CHIP_RCC + 0x28u)
#define RCC_PLLCFGR (CHIP_RCC + 0x2Cu)
#define RCC_PLL1DIVR (CHIP_RCC + 0x30u)
#define PWR_CSR1 0x58024804u
#define PWR_CR3 0x5802480Cu
#define PWR_SRDCR 0x58024818u
#define FLASH_ACR 0x52002000u

/* 4 MHz from the internal 64 MHz into the PLL, twice the core's clock out of its oscillator. */
#define PLL_M 16u
#define PLL_N (BOARD_CLOCK_HZ / 4000000u * 2u)

enum {
    CR_HSION = 1,
    CR_HSIRDY = 1 << 2,
    CR_HSI_DIVIDER = 3 << 3,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    CFGR_SW = 7,
    CFGR_SWS = 7 << 3,
    CDCFGR1_FIELDS = 15 | 7 << 4 | 15 << 8, /* HPRE, CDPPRE, CDCPRE */
    CDCFGR1_APB3_HALF = 4 << 4,
    CDCFGR2_FIELDS = 7 << 4 | 7 << 8,
    CDCFGR2_APBS_HALF = 4 << 4 | 4 << 8,
    SRDCFGR_FIELDS = 7 << 4,
    SRDCFGR_APB4_HALF = 4 << 4,
    PLLCKSELR_FIELDS = 3 | 63 << 4, /* source (its 0 is the HSI), M */
    PLLCFGR_FIELDS = 15 | 7 << 16,
    PLLCFGR_4_TO_8_MHZ = 2 << 2, /* with the wide range of the oscillator */
    PLLCFGR_P_ENABLE = 1 << 16,
    CSR1_VOLTAGE_READY = 1 << 13,
    CR3_SUPPLIES = 7,
    CR3_SWITCHED = 1 << 2, /* the step-down converter feeds the core */
    SRDCR_VOLTAGE_READY = 1 << 13,
    SRDCR_SCALE_0 = 3 << 14,
    ACR_LATENCY = 15,
    ACR_SIGNAL_DELAY = 3 << 4 /* WRHIGHFREQ, for any clock */
};

/* CR3 takes one write after power-on, and the voltage may be scaled only after it. */
static void start_voltage(void) {
    stm32_field(PWR_CR3, CR3_SUPPLIES, CR3_SWITCHED);
    stm32_wait(PWR_CSR1, CSR1_VOLTAGE_READY, CSR1_VOLTAGE_READY);
    stm32_set(PWR_SRDCR, SRDCR_SCALE_0);
    stm32_wait(PWR_SRDCR, SRDCR_VOLTAGE_READY, SRDCR_VOLTAGE_READY);
}

static void start_pll(void) {
    stm32_set(RCC_CR, CR_HSION);
    stm32_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    stm32_field(RCC_CR, CR_HSI_DIVIDER, 0);
    stm32_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    stm32_field(RCC_PLLCKSELR, PLLCKSELR_FIELDS, PLL_M << 4);
    stm32_field(RCC_PLLCFGR, PLLCFGR_FIELDS, PLLCFGR_4_TO_8_MHZ | PLLCFGR_P_ENABLE);
    STM32_REGISTER(RCC_PLL1DIVR) = (PLL_N - 1u) | 1u << 9 | 1u << 16 | 1u << 24; /* P = Q = R = 2 */
    stm32_set(RCC_CR, CR_PLLON);
    stm32_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
}

void board_start(void) {
    start_voltage();
    start_pll();
    stm32_settle(FLASH_ACR, ACR_LATENCY | ACR_SIGNAL_DELAY,
                 BOARD_FLASH_WAIT_STATES | ACR_SIGNAL_DELAY);
    stm32_field(RCC_CDCFGR1, CDCFGR1_FIELDS, CDCFGR1_APB3_HALF);
    stm32_field(RCC_CDCFGR2, CDCFGR2_FIELDS, CDCFGR2_APBS_HALF);
    stm32_field(RCC_SRDCFGR, SRDCFGR_FIELDS, SRDCFGR_APB4_HALF);
    stm32_field(RCC_CFGR, CFGR_SW, 3);
    stm32_wait(RCC_CFGR, CFGR_SWS, 3 << 3);
    stm32_caches_start();
}

SMALL_CODE_END
