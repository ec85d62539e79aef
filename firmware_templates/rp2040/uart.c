/* The RP2040's UARTs, Arm PL011 (datasheet, section 4.2), and their pins (2.19). */
#include "uart.h"

#include "board.h"
#include "rp2040.h"
#include "small.h"

SMALL_CODE_BEGIN

#if BOARD_UART_BASE == 0x40034000u
#define RESET_UART RP2040_RESET_UART0
#elif BOARD_UART_BASE == 0x40038000u
#define RESET_UART RP2040_RESET_UART1
#else
#error "uart.base of the profile is no UART of an RP2040"
#endif

#define UART(offset) RP2040_REGISTER(BOARD_UART_BASE + (offset))
#define UART_DR UART(0x00u)
#define UART_FR UART(0x18u)
#define UART_IBRD UART(0x24u)
#define UART_FBRD UART(0x28u)
#define UART_LCR_H UART(0x2Cu)
#define UART_CR UART(0x30u)
#define PIN_FUNCTION(pin) RP2040_REGISTER(0x40014004u + 8u * (pin))
#define PIN_PAD(pin) RP2040_REGISTER(0x4001C004u + 4u * (pin))

enum {
    FLAG_BUSY = 1 << 3,
    FLAG_RECEIVE_EMPTY = 1 << 4,
    FLAG_TRANSMIT_FULL = 1 << 5,
    LINE_FIFOS = 1 << 4,
    LINE_8_BITS = 3 << 5,
    CONTROL_ALL = 1 | 1 << 8 | 1 << 9, /* UART, transmitter, receiver */
    FUNCTION_UART = 2,
    PAD_INPUT = 1 << 6,
    PAD_PULL_UP = 1 << 3,
    PAD_4_MA = 1 << 4,
    PAD_SCHMITT = 1 << 1
};
/* The divider in 64ths: 16 samples a bit. */
#define DIVIDER ((BOARD_CLOCK_HZ * 4u + BOARD_UART_BAUD / 2u) / BOARD_UART_BAUD)

/* The divider takes effect with the write of the line register that follows it. */
void uart_start(void) {
    rp2040_release(RP2040_RESET_IO_BANK0 | RP2040_RESET_PADS_BANK0);
    rp2040_restart(RESET_UART);
    PIN_PAD(BOARD_UART_TX) = PAD_INPUT | PAD_4_MA | PAD_SCHMITT;
    PIN_PAD(BOARD_UART_RX) = PAD_INPUT | PAD_4_MA | PAD_SCHMITT | PAD_PULL_UP;
    UART_IBRD = DIVIDER / 64u;
    UART_FBRD = DIVIDER % 64u;
    UART_LCR_H = LINE_8_BITS | LINE_FIFOS;
    UART_CR = CONTROL_ALL;
    PIN_FUNCTION(BOARD_UART_TX) = FUNCTION_UART;
    PIN_FUNCTION(BOARD_UART_RX) = FUNCTION_UART;
}

int uart_receive(void) {
    return (UART_FR & FLAG_RECEIVE_EMPTY) == 0 ? (int)(UART_DR & 0xFFu) : -1;
}

int uart_can_send(void) {
    return (UART_FR & FLAG_TRANSMIT_FULL) == 0;
}

void uart_send(uint8_t c) {
    UART_DR = c;
}

int uart_has_sent(void) {
    return (UART_FR & FLAG_BUSY) == 0;
}

SMALL_CODE_END
