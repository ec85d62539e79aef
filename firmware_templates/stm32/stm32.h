/* What the STM32 families share: register access, pins, caches of a Cortex-M7. */
#ifndef STM32_H
#define STM32_H

#include "board.h"

#include <stdint.h>

#ifndef BOARD_FLASH_WAIT_STATES
#error "the profile lacks [flash.timing], which tells how to set up the flash"
#endif

#define STM32_REGISTER(address) (*(volatile uint32_t *)(address))

/* The read orders the access that follows after the write: a peripheral's clock takes two
 * cycles to arrive. */
static inline void stm32_set(uint32_t address, uint32_t bits) {
    STM32_REGISTER(address) |= bits;
    (void)STM32_REGISTER(address);
}

static inline void stm32_field(uint32_t address, uint32_t mask, uint32_t value) {
    STM32_REGISTER(address) = (STM32_REGISTER(address) & ~mask) | value;
}

static inline void stm32_wait(uint32_t address, uint32_t mask, uint32_t value) {
    while ((STM32_REGISTER(address) & mask) != value) {
    }
}

/* Sets a field and waits until it reads back, as flash wait states must before the clock rises. */
static inline void stm32_settle(uint32_t address, uint32_t mask, uint32_t value) {
    stm32_field(address, mask, value);
    stm32_wait(address, mask, value);
}

/* Connects the UART's clock and pins. */
void stm32_uart_connect(void);

/* Invalidates and enables both caches of a Cortex-M7. */
void stm32_caches_start(void);

#endif
