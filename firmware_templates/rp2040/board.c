/* Clocks of an RP2040 (datasheet, sections 2.14 to 2.18) with its 12 MHz crystal. */
#include "board.h"
#include "rp2040.h"
#include "small.h"
#include "startup.h"

SMALL_CODE_BEGIN

#define CLK_REF_CTRL RP2040_REGISTER(0x40008030u)
#define CLK_REF_SELECTED RP2040_REGISTER(0x40008038u)
#define CLK_SYS_CTRL RP2040_REGISTER(0x4000803Cu)
#define CLK_SYS_SELECTED RP2040_REGISTER(0x40008044u)
#define CLK_PERI_CTRL RP2040_REGISTER(0x40008048u)
#define XOSC_CTRL RP2040_REGISTER(0x40024000u)
#define XOSC_STATUS RP2040_REGISTER(0x40024004u)
#define XOSC_STARTUP RP2040_REGISTER(0x4002400Cu)
#define PLL_CS RP2040_REGISTER(0x40028000u)
#define PLL_PWR RP2040_REGISTER(0x40028004u)
#define PLL_FBDIV RP2040_REGISTER(0x40028008u)
#define PLL_PRIM RP2040_REGISTER(0x4002800Cu)

#define CRYSTAL_HZ 12000000u
/* The PLL's oscillator runs at twelve times the core's clock, within 750 to 1600 MHz. */
#define POST_DIVIDER_1 6u
#define POST_DIVIDER_2 2u
#define FEEDBACK (BOARD_CLOCK_HZ / (CRYSTAL_HZ / (POST_DIVIDER_1 * POST_DIVIDER_2)))

enum {
    XOSC_RANGE = 0xAA0,
    XOSC_ENABLE = 0xFAB << 12,
    XOSC_DELAY = 47, /* times 256 periods: a millisecond */
    REF_FROM_XOSC = 2,
    SYS_FROM_PLL = 1,
    PERI_ENABLE = 1 << 11,
    PLL_POWER_DOWN = 1,
    PLL_POST_DIVIDERS_DOWN = 1 << 3,
    PLL_OSCILLATOR_DOWN = 1 << 5
};
#define STABLE (1u << 31)
#define LOCKED (1u << 31)

static void start_crystal(void) {
    XOSC_STARTUP = XOSC_DELAY;
    XOSC_CTRL = XOSC_RANGE | XOSC_ENABLE;
    while ((XOSC_STATUS & STABLE) == 0) {
    }
    CLK_REF_CTRL = REF_FROM_XOSC;
    while ((CLK_REF_SELECTED & 1u << REF_FROM_XOSC) == 0) {
    }
}

static void start_pll(void) {
    rp2040_restart(RP2040_RESET_PLL_SYS);
    PLL_CS = 1; /* the crystal, undivided */
    PLL_FBDIV = FEEDBACK;
    PLL_PWR &= ~(uint32_t)(PLL_POWER_DOWN | PLL_OSCILLATOR_DOWN);
    while ((PLL_CS & LOCKED) == 0) {
    }
    PLL_PRIM = POST_DIVIDER_1 << 16 | POST_DIVIDER_2 << 12;
    PLL_PWR &= ~(uint32_t)PLL_POST_DIVIDERS_DOWN;
}

/* A reset of the core alone leaves the clocks as they were: away from the PLL before it stops. */
void board_start(void) {
    CLK_SYS_CTRL &= ~(uint32_t)SYS_FROM_PLL;
    while ((CLK_SYS_SELECTED & 1u) == 0) {
    }
    start_crystal();
    start_pll();
    CLK_SYS_CTRL = SYS_FROM_PLL; /* the auxiliary source's 0 is the PLL */
    while ((CLK_SYS_SELECTED & 1u << SYS_FROM_PLL) == 0) {
    }
    CLK_PERI_CTRL = PERI_ENABLE; /* from the core's clock */
}

void rp2040_restart(uint32_t blocks) {
    RP2040_RESETS_RESET |= blocks;
    rp2040_release(blocks);
}

void rp2040_release(uint32_t blocks) {
    RP2040_RESETS_RESET &= ~blocks;
    while ((RP2040_RESETS_DONE & blocks) != blocks) {
    }
}

SMALL_CODE_END
