/* Registers of an RP2040 that several files use (datasheet, section 2.14). */
#ifndef RP2040_H
#define RP2040_H

#include <stdint.h>

#define RP2040_REGISTER(address) (*(volatile uint32_t *)(address))
#define RP2040_RESETS_RESET RP2040_REGISTER(0x4000C000u)
#define RP2040_RESETS_DONE RP2040_REGISTER(0x4000C008u)
#define RP2040_RESET_IO_BANK0 (1u << 5)
#define RP2040_RESET_PADS_BANK0 (1u << 8)
#define RP2040_RESET_PLL_SYS (1u << 12)
#define RP2040_RESET_UART0 (1u << 22)
#define RP2040_RESET_UART1 (1u << 23)

/* Out of reset; restarted blocks go into it first. */
void rp2040_release(uint32_t blocks);
void rp2040_restart(uint32_t blocks);

#endif
