/* The second stage of an RP2040's start (RP2040 datasheet, sections 2.8.1 and 4.10).
 *
 * The boot ROM copies the first 256 bytes of flash to RAM, checks the CRC-32 in their last word
 * (the build writes it) and jumps there.  They put the flash (Winbond W25Q and its likes) into
 * continuous quad reading: command EBh once, then each read is 6 clocks of address, 2 of mode
 * bits A0h, 4 to wait and 8 for each word.  Plain reads (03h) would take 32 and 32. */

#include <stdint.h>

/* Registers by their offset from SSI_BASE: CTRLR0 0x00, CTRLR1 0x04, SSIENR 0x08, SER 0x10,
 * BAUDR 0x14, SR 0x28 (busy 1, transmit FIFO empty 4), DR0 0x60, RX_SAMPLE_DLY 0xF0,
 * SPI_CTRLR0 0xF4. */
__asm(
    ".syntax unified\n"
    ".section .boot2, \"ax\", %progbits\n"
    ".global platform_boot2\n"
    ".type platform_boot2, %object\n"
    ".p2align 2\n"
    ".thumb\n"
    "platform_boot2:\n"
    /* Fast edges on the clock's pin: the flash is read at half the core's clock. */
    "ldr r0, pads\n"
    "movs r1, #0x21\n" /* 8 mA, fast */
    "str r1, [r0, #4]\n"
    "ldr r3, ssi\n"
    "movs r1, #0\n"
    "str r1, [r3, #0x08]\n"
    "movs r1, #2\n"
    "str r1, [r3, #0x14]\n"
    "movs r1, #1\n"
    "str r1, [r3, #0x10]\n"
    "movs r2, #0xF0\n"
    "str r1, [r3, r2]\n" /* sample one clock later, as the way there and back takes */
    "ldr r1, serial\n"
    "str r1, [r3, #0x00]\n"
    "movs r1, #1\n"
    "str r1, [r3, #0x08]\n"
    /* Four data lines need bit 1 of the flash's second status register. */
    "movs r0, #0x35\n"
    "bl read_status\n"
    "movs r1, #2\n"
    "tst r0, r1\n"
    "bne 2f\n"
    "movs r0, #0x06\n" /* allow writing */
    "str r0, [r3, #0x60]\n"
    "bl wait_idle\n"
    "ldr r0, [r3, #0x60]\n"
    "movs r0, #0x31\n"
    "str r0, [r3, #0x60]\n"
    "str r1, [r3, #0x60]\n"
    "bl wait_idle\n"
    "ldr r0, [r3, #0x60]\n"
    "ldr r0, [r3, #0x60]\n"
    "1: movs r0, #0x05\n"
    "bl read_status\n"
    "movs r1, #1\n" /* being written */
    "tst r0, r1\n"
    "bne 1b\n"
    /* One read with its command; from then on the flash expects none. */
    "2: movs r1, #0\n"
    "str r1, [r3, #0x08]\n"
    "ldr r0, quad\n"
    "str r0, [r3, #0x00]\n"
    "str r1, [r3, #0x04]\n"
    "movs r2, #0xF4\n"
    "ldr r0, with_command\n"
    "str r0, [r3, r2]\n"
    "movs r0, #1\n"
    "str r0, [r3, #0x08]\n"
    "movs r0, #0xEB\n"
    "str r0, [r3, #0x60]\n"
    "movs r0, #0xA0\n"
    "str r0, [r3, #0x60]\n"
    "bl wait_idle\n"
    "str r1, [r3, #0x08]\n"
    "ldr r0, continuous\n"
    "str r0, [r3, r2]\n"
    "movs r0, #1\n"
    "str r0, [r3, #0x08]\n"
    "ldr r0, vectors_place\n"
    "ldr r1, vtor\n"
    "str r0, [r1]\n"
    "ldmia r0!, {r1, r2}\n"
    "msr msp, r1\n"
    "bx r2\n"
    /* Command in r0, answer in r0; clobbers r2 and r4. */
    "read_status: mov r4, lr\n"
    "str r0, [r3, #0x60]\n"
    "str r0, [r3, #0x60]\n"
    "bl wait_idle\n"
    "ldr r0, [r3, #0x60]\n"
    "ldr r0, [r3, #0x60]\n"
    "bx r4\n"
    /* All sent, and the bus released; clobbers r0 and r5. */
    "wait_idle: movs r5, #5\n"
    "3: ldr r0, [r3, #0x28]\n"
    "ands r0, r5\n"
    "cmp r0, #4\n"
    "bne 3b\n"
    "bx lr\n"
    ".p2align 2\n"
    "pads: .word 0x40020000\n"
    "ssi: .word 0x18000000\n"
    "serial: .word 7 << 16\n"                   /* frames of 8 bits, both ways */
    "quad: .word 2 << 21 | 31 << 16 | 3 << 8\n" /* four lines, 32 bits, read after address */
    "with_command: .word 4 << 11 | 2 << 8 | 8 << 2 | 1\n" /* 8 bits by one line, address by four */
    "continuous: .word 0xA0 << 24 | 4 << 11 | 8 << 2 | 2\n" /* no command; appends A0h */
    "vectors_place: .word platform_boot2_end\n"
    "vtor: .word 0xE000ED08\n"
    ".org platform_boot2 + 252\n"
    "platform_boot2_checksum: .word 0\n"
    "platform_boot2_end:\n"
    ".size platform_boot2, 256\n"
    ".previous\n");

/* A file without C of its own would be no translation unit; the linker keeps nothing of this. */
extern const uint8_t platform_boot2[256];
