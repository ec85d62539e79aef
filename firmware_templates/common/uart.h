/* The hardware's part of the serial line, one character at a time. */
#ifndef UART_H
#define UART_H

#include <stdint.h>

void uart_start(void);
/* The next received character; -1 when there is none. */
int uart_receive(void);
int uart_can_send(void);
void uart_send(uint8_t c);
/* Whether the last character has left the pin. */
int uart_has_sent(void);

#endif
