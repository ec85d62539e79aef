/* Prefetch and caches of an STM32F4's flash (RM0090, section 3.5.2). */
#include "chip.h"
#include "stm32.h"

#define FLASH_ACR 0x40023C00u

enum { ACR_PREFETCH = 1 << 8, ACR_CACHES = 3 << 9, ACR_CACHES_RESET = 3 << 11 };

void chip_accelerate_flash(void) {
    stm32_field(FLASH_ACR, ACR_PREFETCH | ACR_CACHES, 0); /* they are reset while they are off */
    stm32_field(FLASH_ACR, ACR_CACHES_RESET, ACR_CACHES_RESET);
    stm32_field(FLASH_ACR, ACR_CACHES_RESET, 0);
    stm32_field(FLASH_ACR, ACR_PREFETCH | ACR_CACHES,
                (BOARD_FLASH_PREFETCH ? ACR_PREFETCH : 0) | ACR_CACHES);
}
