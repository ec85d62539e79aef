/* What sets an STM32F7 (RM0385) apart from its relatives. */
#ifndef CHIP_H
#define CHIP_H

#include "uarts_f4_f7.h"

#define CHIP_UART_IS_LOW_POWER 0
/* PWR_CR1: scale 1. */
#define CHIP_VOLTAGE_SCALE (3u << 14)

void chip_accelerate_flash(void);

#endif
