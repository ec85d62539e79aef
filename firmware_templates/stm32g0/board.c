/* Clock and flash of an STM32G0x1 (RM0444, sections 3.3.4, 4.1.4 and 5.2). */
#include "chip.h"
#include "small.h"
#include "startup.h"
#include "stm32.h"

SMALL_CODE_BEGIN

#define RCC_CR (CHIP_RCC + 0x00u)
#define RCC_CFGR (CHIP_RCC + 0x08u)
#define RCC_PLLCFGR (CHIP_RCC + 0x0Cu)
#define FLASH_ACR 0x40022000u

/* The internal 16 MHz into the PLL, twice the core's clock out of its oscillator. */
#define PLL_N (BOARD_CLOCK_HZ / 16000000u * 2u)

enum {
    CR_HSION = 1 << 8,
    CR_HSIRDY = 1 << 10,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    CFGR_SW = 7,
    CFGR_SWS = 7 << 3,
    PLL_FROM_HSI = 2, /* M = 1 is the field's 0 */
    PLL_R_ENABLE = 1 << 28,
    PLL_R_HALF = 1 << 29,
    ACR_LATENCY = 7,
    ACR_PREFETCH = 1 << 8,
    ACR_CACHE = 1 << 9
};

/* The voltage is in range 1, which 64 MHz needs, from reset on. */
void board_start(void) {
    stm32_settle(FLASH_ACR, ACR_LATENCY, BOARD_FLASH_WAIT_STATES);
    stm32_field(FLASH_ACR, ACR_PREFETCH | ACR_CACHE,
                (BOARD_FLASH_PREFETCH ? ACR_PREFETCH : 0) | ACR_CACHE);
    stm32_set(RCC_CR, CR_HSION);
    stm32_wait(RCC_CR, CR_HSIRDY, CR_HSIRDY);
    STM32_REGISTER(RCC_PLLCFGR) = PLL_FROM_HSI | PLL_N << 8 | PLL_R_ENABLE | PLL_R_HALF;
    stm32_set(RCC_CR, CR_PLLON);
    stm32_wait(RCC_CR, CR_PLLRDY, CR_PLLRDY);
    stm32_field(RCC_CFGR, CFGR_SW, 2);
    stm32_wait(RCC_CFGR, CFGR_SWS, 2 << 3);
}

SMALL_CODE_END
