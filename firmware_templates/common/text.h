/* Text to the host, without printf: the whole of it costs less flash than a printf's
 * integer half. */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

/* *value /= divisor; returns the remainder.  In 32-bit steps, because the compiler's own
 * 64-bit division lives in a library that not every toolchain links. */
uint32_t text_divide(uint64_t *value, uint32_t divisor);

/* Every character that is sent enters a checksum, so that a reply can end with it; only the
 * CR of a line's end stays out. */
void text_crc_start(void);
/* Enters the checksum without being sent. */
void text_crc_add(const void *data, uint32_t size);
uint32_t text_crc(void);

void text_char(char c);
void text_bytes(const uint8_t *data, uint32_t size);
void text_string(const char *string);
/* The string and the end of the line, CR LF. */
void text_line(const char *string);
void text_unsigned(uint64_t value);
/* Two and eight hexadecimal digits, upper case. */
void text_hex8(uint8_t value);
void text_hex32(uint32_t value);
/* As printf's "%.3f" prints it, for every float. */
void text_float(float value);

#endif
