/* Runs of one, two, three, four or eight bytes have loops of their own. */
#include "ep_copy.h"

/* Single bytes that come to lie together: loads that follow each other, and one store for four.
 * Returns how many are done. */
static int32_t gather_bytes(uint8_t *to, const uint8_t *from, int32_t step, int32_t rows) {
    const int32_t fours = rows / 4;
    int32_t left = fours;
    if (left == 0 || !ep_words_fit((uintptr_t)to)) {
        return 0;
    }
#if defined(__thumb2__)
    uint32_t a, b, c, d;
    __asm__ volatile(".p2align 2\n"
                     "1: ldrb %[a], [%[from]]\n"
                     "ldrb %[b], [%[from], %[step]]\n"
                     "ldrb %[c], [%[from], %[step], lsl #1]\n"
                     "ldrb %[d], [%[from], %[triple]]\n"
                     "add %[from], %[from], %[step], lsl #2\n"
                     "orr %[a], %[a], %[b], lsl #8\n"
                     "orr %[c], %[c], %[d], lsl #8\n"
                     "orr %[a], %[a], %[c], lsl #16\n"
                     "subs %[left], %[left], #1\n"
                     "str %[a], [%[to]], #4\n"
                     "bne 1b\n"
                     : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [from] "+r"(from),
                       [to] "+r"(to), [left] "+r"(left)
                     : [step] "r"(step), [triple] "r"(3 * step)
                     : "cc", "memory");
#else
    for (; left > 0; left--) {
        const uint32_t a = from[0], b = from[step], c = from[2 * step], d = from[3 * step];
        EP_WORD_AT(to) = a | b << 8 | c << 16 | d << 24;
        from += 4 * step;
        to += 4;
    }
#endif
    return 4 * fours;
}

static void copy_bytes(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                       int32_t rows) {
    if (to_step == 1) {
        const int32_t done = gather_bytes(to, from, from_step, rows);
        from += done * from_step;
        to += done;
        rows -= done;
    }
    for (; rows >= 2; rows -= 2) {
        const uint8_t a = from[0], b = from[from_step];
        to[0] = a;
        to[to_step] = b;
        from += 2 * from_step;
        to += 2 * to_step;
    }
    if (rows > 0) {
        *to = *from;
    }
}

static void copy_half_words(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                            int32_t rows) {
    for (; rows >= 2; rows -= 2) {
        const uint16_t a = EP_CONST_HALF_AT(from), b = EP_CONST_HALF_AT(from + from_step);
        EP_HALF_AT(to) = a;
        EP_HALF_AT(to + to_step) = b;
        from += 2 * from_step;
        to += 2 * to_step;
    }
    if (rows > 0) {
        EP_HALF_AT(to) = EP_CONST_HALF_AT(from);
    }
}

static void copy_triples(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                         int32_t rows) {
    for (; rows > 0; rows--) {
        const uint8_t a = from[0], b = from[1], c = from[2];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        from += from_step;
        to += to_step;
    }
}

static void copy_words(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                       int32_t rows) {
    for (; rows >= 2; rows -= 2) {
        const uint32_t a = EP_CONST_WORD_AT(from), b = EP_CONST_WORD_AT(from + from_step);
        EP_WORD_AT(to) = a;
        EP_WORD_AT(to + to_step) = b;
        from += 2 * from_step;
        to += 2 * to_step;
    }
    if (rows > 0) {
        EP_WORD_AT(to) = EP_CONST_WORD_AT(from);
    }
}

static void copy_pairs(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                       int32_t rows) {
    for (; rows > 0; rows--) {
        const uint32_t a = EP_CONST_WORD_AT(from), b = EP_CONST_WORD_AT(from + 4);
        EP_WORD_AT(to) = a;
        EP_WORD_AT(to + 4) = b;
        from += from_step;
        to += to_step;
    }
}

void ep_copy_rows(uint8_t *to, int32_t to_step, const uint8_t *from, int32_t from_step,
                  int32_t bytes, int32_t rows) {
    const int words =
        ep_words_fit((uintptr_t)to | (uintptr_t)from | (uintptr_t)to_step | (uintptr_t)from_step);
    if (bytes == 1) {
        copy_bytes(to, to_step, from, from_step, rows);
    } else if (bytes == 3) {
        copy_triples(to, to_step, from, from_step, rows);
    } else if (bytes == 2 && words) {
        copy_half_words(to, to_step, from, from_step, rows);
    } else if (bytes == 4 && words) {
        copy_words(to, to_step, from, from_step, rows);
    } else if (bytes == 8 && words) {
        copy_pairs(to, to_step, from, from_step, rows);
    } else {
        for (; rows > 0; rows--) {
            ep_copy_run(to, from, bytes);
            from += from_step;
            to += to_step;
        }
    }
}

void ep_fill(uint8_t *to, const uint8_t *element, int32_t bytes, int32_t count) {
    if (bytes == 1) {
        memset(to, *element, (size_t)count);
    } else {
        ep_copy_rows(to, bytes, element, 0, bytes, count);
    }
}
