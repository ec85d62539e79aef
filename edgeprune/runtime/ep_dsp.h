/* The Armv7E-M DSP instructions that the kernels use, with equal C for other machines,
 * so that the same kernel source is checked on a host and runs on the board. */
#ifndef EP_DSP_H
#define EP_DSP_H

#include <stdint.h>
#include <string.h>

/* Freestanding builds take memcpy for any function and would call it for four bytes. */
#if defined(__GNUC__)
#define EP_COPY __builtin_memcpy
#else
#define EP_COPY memcpy
#endif

/* Compiles to one LDR; the address need not be aligned for the compiler's sake. */
static inline uint32_t ep_load_word(const void *address) {
    uint32_t word;
    EP_COPY(&word, address, sizeof word);
    return word;
}

static inline void ep_store_word(void *address, uint32_t word) {
    EP_COPY(address, &word, sizeof word);
}

#if defined(__GNUC__)
/* A function that is nothing but the assembly of its body, which finds its arguments by the
 * procedure call standard and has all registers to itself. */
#define EP_NAKED __attribute__((naked, noinline))
#define EP_UNUSED __attribute__((unused))
#endif

#if defined(__ARM_FEATURE_DSP)

/* sum + low(a) * low(b) + high(a) * high(b), halves as signed 16-bit numbers. */
static inline int32_t ep_smlad(uint32_t a, uint32_t b, int32_t sum) {
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Bytes 0 and 2, sign-extended to halves. */
static inline uint32_t ep_sxtb16(uint32_t word) {
    uint32_t result;
    __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(word));
    return result;
}

/* Bytes 1 and 3, sign-extended to halves. */
static inline uint32_t ep_sxtb16_odd(uint32_t word) {
    uint32_t result;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
    return result;
}

/* Low half of a below low half of b. */
static inline uint32_t ep_pack_low(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* High half of a below high half of b. */
static inline uint32_t ep_pack_high(uint32_t a, uint32_t b) {
    uint32_t result;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(b), "r"(a));
    return result;
}

#else

static inline int32_t ep_smlad(uint32_t a, uint32_t b, int32_t sum) {
    int32_t low = (int32_t)(int16_t)(a & 0xffffu) * (int16_t)(b & 0xffffu);
    int32_t high = (int32_t)(int16_t)(a >> 16) * (int16_t)(b >> 16);
    return (int32_t)((uint32_t)sum + (uint32_t)low + (uint32_t)high);
}

static inline uint32_t ep_sxtb16(uint32_t word) {
    uint32_t low = (uint32_t)(int32_t)(int8_t)(word & 0xffu) & 0xffffu;
    uint32_t high = (uint32_t)(int32_t)(int8_t)((word >> 16) & 0xffu) & 0xffffu;
    return low | (high << 16);
}

static inline uint32_t ep_sxtb16_odd(uint32_t word) {
    return ep_sxtb16(word >> 8);
}

static inline uint32_t ep_pack_low(uint32_t a, uint32_t b) {
    return (a & 0xffffu) | (b << 16);
}

static inline uint32_t ep_pack_high(uint32_t a, uint32_t b) {
    return (a >> 16) | (b & 0xffff0000u);
}

#endif
#endif
