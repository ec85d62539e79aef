#include "text.h"

#include "crc32.h"
#include "platform.h"
#include "small.h"

#include <string.h>

SMALL_CODE_BEGIN

__attribute__((noinline)) uint32_t text_divide(uint64_t *value, uint32_t divisor) {
    uint64_t quotient = 0;
    uint64_t remainder = 0;
    for (int bit = 63; bit >= 0; bit--) {
        remainder = remainder << 1 | (*value >> 63);
        *value <<= 1;
        quotient <<= 1;
        if (remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
    }
    *value = quotient;
    return (uint32_t)remainder;
}

static uint32_t checksum;

void text_crc_start(void) {
    checksum = 0;
}

void text_crc_add(const void *data, uint32_t size) {
    checksum = crc32_more(checksum, data, size);
}

uint32_t text_crc(void) {
    return checksum;
}

void text_char(char c) {
    text_crc_add(&c, 1);
    platform_put_char(c);
}

void text_bytes(const uint8_t *data, uint32_t size) {
    while (size-- > 0) {
        text_char((char)*data++);
    }
}

void text_string(const char *string) {
    while (*string != '\0') {
        text_char(*string++);
    }
}

void text_line(const char *string) {
    text_string(string);
    platform_put_char('\r');
    text_char('\n');
}

/* At least `width` digits, zeros in front. */
__attribute__((noinline)) static void padded(uint64_t value, int width) {
    char digits[20]; /* 2^64 has 20 */
    int count = 0;
    do {
        digits[count++] = (char)('0' + text_divide(&value, 10));
    } while (value != 0);
    for (int missing = width - count; missing > 0; missing--) {
        text_char('0');
    }
    while (count > 0) {
        text_char(digits[--count]);
    }
}

void text_unsigned(uint64_t value) {
    padded(value, 1);
}

void text_hex8(uint8_t value) {
    static const char digits[] = "0123456789ABCDEF";
    text_char(digits[value >> 4]);
    text_char(digits[value & 15]);
}

void text_hex32(uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        text_hex8((uint8_t)(value >> shift));
    }
}

/* mantissa * 2^exponent, exponent 0 to 104, in limbs of nine decimal digits. */
static void large_integer(uint32_t mantissa, int exponent) {
    enum { LIMBS = 5, LIMB = 1000000000 }; /* 2^128 has 39 digits */
    uint32_t limbs[LIMBS] = {mantissa, 0, 0, 0, 0};
    for (; exponent > 0; exponent--) {
        uint32_t carry = 0;
        for (int i = 0; i < LIMBS; i++) {
            uint32_t doubled = 2u * limbs[i] + carry;
            carry = doubled >= LIMB;
            limbs[i] = doubled - (carry ? LIMB : 0u);
        }
    }
    int top = LIMBS - 1;
    while (top > 0 && limbs[top] == 0) {
        top--;
    }
    text_unsigned(limbs[top]);
    while (top > 0) {
        padded(limbs[--top], 9);
    }
}

/* mantissa / 2^shift in thousandths, rounded to nearest, ties to even.  Bit by bit, because a
 * 64-bit shift by a variable is another call into the compiler's library. */
static uint64_t thousandths(uint32_t mantissa, int shift) {
    uint64_t value = (uint64_t)mantissa * 1000u;
    uint32_t half = 0, below_half = 0;
    for (; shift > 0; shift--) {
        below_half |= half;
        half = (uint32_t)value & 1;
        value >>= 1;
    }
    return value + (half & (below_half | ((uint32_t)value & 1)));
}

void text_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    int biased = (int)(bits >> 23 & 0xFF);
    uint32_t mantissa = bits & 0x7FFFFF;
    if (bits >> 31 != 0) {
        text_char('-');
    }
    if (biased == 0xFF) {
        text_string(mantissa != 0 ? "nan" : "inf");
        return;
    }
    if (biased == 0) {
        biased = 1; /* subnormal: no hidden bit */
    } else {
        mantissa |= 0x800000;
    }
    int exponent = biased - 150;
    if (exponent >= 0) {
        large_integer(mantissa, exponent);
        text_string(".000");
    } else {
        uint64_t whole = thousandths(mantissa, -exponent);
        uint32_t fraction = text_divide(&whole, 1000);
        text_unsigned(whole);
        text_char('.');
        padded(fraction, 3);
    }
}

SMALL_CODE_END
