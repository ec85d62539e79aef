/* CRC-32 as zlib computes it (reflected, polynomial 0x04C11DB7). */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *data, size_t size);
/* Goes on from the CRC-32 of what came before; that of nothing is 0. */
uint32_t crc32_more(uint32_t crc, const void *data, size_t size);

#endif
