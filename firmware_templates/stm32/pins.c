#include "chip.h"
#include "small.h"
#include "stm32.h"

SMALL_CODE_BEGIN

enum { MODER = 0x00, PUPDR = 0x0C, AFRL = 0x20, PORT_BYTES = 0x400, PORT_PINS = 16 };

/* To the UART, with a pull-up: an unconnected line is idle. */
static void connect(uint32_t pin) {
    uint32_t port = pin / PORT_PINS, index = pin % PORT_PINS;
    uint32_t base = CHIP_GPIO_BASE + port * PORT_BYTES;
    stm32_set(CHIP_GPIO_ENABLE, 1u << port);
    stm32_field(base + PUPDR, 3u << 2 * index, 1u << 2 * index);
    stm32_field(base + AFRL + index / 8 * 4, 15u << index % 8 * 4,
                (uint32_t)CHIP_UART_FUNCTION << index % 8 * 4);
    stm32_field(base + MODER, 3u << 2 * index, 2u << 2 * index);
}

void stm32_uart_connect(void) {
    connect(BOARD_UART_TX);
    connect(BOARD_UART_RX);
    stm32_set(CHIP_UART_ENABLE, 1u << CHIP_UART_ENABLE_BIT);
}

SMALL_CODE_END
