/* The nRF52840's UART without EasyDMA (product specification, section UART). */
#include "uart.h"

#include "board.h"
#include "small.h"

SMALL_CODE_BEGIN

#define UART(offset) (*(volatile uint32_t *)(BOARD_UART_BASE + (offset)))
#define TASKS_STARTRX UART(0x000u)
#define TASKS_STARTTX UART(0x008u)
#define EVENTS_RXDRDY UART(0x108u)
#define EVENTS_TXDRDY UART(0x11Cu)
#define ENABLE UART(0x500u)
#define PSEL_RTS UART(0x508u)
#define PSEL_TXD UART(0x50Cu)
#define PSEL_CTS UART(0x510u)
#define PSEL_RXD UART(0x514u)
#define RXD UART(0x518u)
#define TXD UART(0x51Cu)
#define BAUDRATE UART(0x524u)
#define CONFIG UART(0x56Cu)

#define GPIO(pin, offset) (*(volatile uint32_t *)(0x50000000u + (pin) / 32u * 0x300u + (offset)))
#define GPIO_OUTSET(pin) GPIO(pin, 0x508u)
#define GPIO_DIRSET(pin) GPIO(pin, 0x518u)
#define GPIO_CONFIG(pin) GPIO(pin, 0x700u + (pin) % 32u * 4u)

enum { ENABLE_UART = 4, CONFIG_PULL_UP = 3 << 2, ROUNDING = 0x1000 };
#define DISCONNECTED UINT32_MAX
/* The rate in 16 MHz / 2^32, of which the hardware uses all but the last 12 bits. */
#define RATE ((uint32_t)(((uint64_t)BOARD_UART_BAUD << 32) / 16000000u))

static int sending;

/* A bootloader may have left it running, with pins of its own. */
void uart_start(void) {
    ENABLE = 0;
    GPIO_OUTSET(BOARD_UART_TX) = 1u << BOARD_UART_TX % 32u;
    GPIO_DIRSET(BOARD_UART_TX) = 1u << BOARD_UART_TX % 32u;
    GPIO_CONFIG(BOARD_UART_RX) = CONFIG_PULL_UP; /* an unconnected line is idle */
    PSEL_TXD = BOARD_UART_TX;
    PSEL_RXD = BOARD_UART_RX;
    PSEL_RTS = DISCONNECTED;
    PSEL_CTS = DISCONNECTED;
    CONFIG = 0;
    BAUDRATE = (RATE + ROUNDING / 2) / ROUNDING * ROUNDING;
    ENABLE = ENABLE_UART;
    EVENTS_RXDRDY = 0;
    EVENTS_TXDRDY = 0;
    sending = 0;
    TASKS_STARTRX = 1;
    TASKS_STARTTX = 1;
}

/* The event is cleared before the register is read: reading fetches the next of the six
 * characters that the hardware holds and raises it again. */
int uart_receive(void) {
    if (EVENTS_RXDRDY == 0) {
        return -1;
    }
    EVENTS_RXDRDY = 0;
    return (int)(RXD & 0xFFu);
}

/* A character has left the pin when its event comes; there is none for the first. */
int uart_can_send(void) {
    return !sending || EVENTS_TXDRDY != 0;
}

void uart_send(uint8_t c) {
    EVENTS_TXDRDY = 0;
    sending = 1;
    TXD = c;
}

int uart_has_sent(void) {
    return uart_can_send();
}

SMALL_CODE_END
