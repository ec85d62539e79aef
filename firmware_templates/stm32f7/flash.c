/* Flash of an STM32F7 (RM0385, section 3.3).  Its accelerator serves the ITCM interface; the
 * image is linked to the AXI interface, where the caches of the core do the same. */
#include "chip.h"
#include "stm32.h"

void chip_accelerate_flash(void) {
    stm32_caches_start();
}
