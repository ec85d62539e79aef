/* Clock and flash cache of an nRF52840 (product specification, sections CLOCK and NVMC). */
#include "board.h"
#include "small.h"
#include "startup.h"

#ifndef BOARD_FLASH_WAIT_STATES
#error "the profile lacks [flash.timing], which tells how to set up the flash"
#endif
#if BOARD_CLOCK_HZ != 64000000
#error "an nRF52840 runs at 64 MHz: correct cpu.clock_hz in the profile"
#endif

SMALL_CODE_BEGIN

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CLOCK_TASKS_HFCLKSTART REGISTER(0x40000000u)
#define CLOCK_EVENTS_HFCLKSTARTED REGISTER(0x40000100u)
#define NVMC_ICACHECNF REGISTER(0x4001E540u)

enum { ICACHECNF_CACHEEN = 1 };

/* The core runs at 64 MHz from the start, but by an RC oscillator; a crystal takes over. */
void board_start(void) {
    NVMC_ICACHECNF = BOARD_FLASH_CACHE ? ICACHECNF_CACHEEN : 0;
    CLOCK_EVENTS_HFCLKSTARTED = 0;
    CLOCK_TASKS_HFCLKSTART = 1;
    while (CLOCK_EVENTS_HFCLKSTARTED == 0) {
    }
}

SMALL_CODE_END
