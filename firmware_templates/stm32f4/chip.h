/* What sets an STM32F4 (RM0090, RM0390) apart from its relatives. */
#ifndef CHIP_H
#define CHIP_H

#include "uarts_f4_f7.h"

/* PWR_CR: scale 1.  Chips with over-drive have a second bit; it is set from reset on. */
#define CHIP_VOLTAGE_SCALE (1u << 14)

void chip_accelerate_flash(void);

#endif
