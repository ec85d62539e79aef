/* The serial protocol of MLPerf Tiny with the additions that docs/protocol.md describes. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

/* Greets the host. */
void protocol_start(void);

/* Takes one character from the host; a '%' runs the command that it ends. */
void protocol_receive(char c);

#endif
