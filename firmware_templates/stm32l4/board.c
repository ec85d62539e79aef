/* Clock, voltage and flash of an STM32L4+ (RM0432, sections 3.3.3, 5.1.8 and 6.2). */
#include "chip.h"
#include "small.h"
#include "startup.h"
#include "stm32.h"

SMALL_CODE_BEGIN

#define RCC_CR (CHIP_RCC + 0x00u)
#define RCC_CFGR (CHIP_RCC + 0x08u)
#define RCC_PLLCFGR (CHIP_RCC + 0x0Cu)
#define RCC_APB1ENR1 (CHIP_RCC + 0x58u)
#define FLASH_ACR 0x40022000u
#define PWR_CR2 0x40007004u
#define PWR_SR2 0x40007014u
#define PWR_CR5 0x40007080u

#define HSI_HZ 16000000u
/* 4 MHz into the PLL, twice the core's clock out of its oscillator. */
#define PLL_M 4u
#define PLL_N (BOARD_CLOCK_HZ / (HSI_HZ / PLL_M) * 2u)

enum {
    CR_HSION = 1 << 8,
    CR_HSIRDY = 1 << 10,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    CFGR_SW = 3,
    CFGR_SWS = 3 << 2,
    CFGR_HPRE = 15 << 4,
    CFGR_HPRE_HALF = 8 << 4,
    PLL_FROM_HSI = 2,
    PLL_R_ENABLE = 1 << 24, /* R = 2 is the field's 0 */
    PWR_ENABLE = 1 << 28,
    CR2_VDDIO2 = 1 << 9,
    SR2_VOLTAGE_CHANGING = 1 << 10,
    CR5_NO_BOOST = 1 << 8,
    ACR_LATENCY = 15,
    ACR_PREFETCH = 1 << 8,
    ACR_CACHES = 3 << 9
};

static void start_voltage(void) {
    stm32_set(RCC_APB1ENR1, PWR_ENABLE);
    stm32_field(PWR_CR5, CR5_NO_BOOST, 0); /* range 1 boost, for more than 80 MHz */
    stm32_wait(PWR_SR2, SR2_VOLTAGE_CHANGING, 0);
    stm32_set(PWR_CR2, CR2_VDDIO2); /* feeds PG2 to PG15 */
}

/* Between 80 MHz and more the bus takes half the clock for a microsecond. */
void board_start(void) {
    start_voltage();
    stm32_settle(FLASH_ACR, ACR_LATENCY, BOARD_FLASH_WAIT_STATES);
    stm32_field(FLASH_ACR, ACR_PREFETCH | ACR_CACHES,
                (BOARD_FLASH_PREFETCH ? ACR_PREFETCH : 0) | ACR_CACHES);
    stm32_set(RCC_CR, CR_HSION);
    stm32_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    STM32_REGISTER(RCC_PLLCFGR) = PLL_FROM_HSI | (PLL_M - 1u) << 4 | PLL_N << 8 | PLL_R_ENABLE;
    stm32_set(RCC_CR, CR_PLLON);
    stm32_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    stm32_field(RCC_CFGR, CFGR_HPRE, CFGR_HPRE_HALF);
    stm32_field(RCC_CFGR, CFGR_SW, 3);
    stm32_wait(RCC_CFGR, CFGR_SWS, 3 << 2);
    startup_delay(BOARD_CLOCK_HZ / 1000000u);
    stm32_field(RCC_CFGR, CFGR_HPRE, 0);
}

SMALL_CODE_END
