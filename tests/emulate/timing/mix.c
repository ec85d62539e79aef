/* The kinds of work that embedded integer benchmarks consist of: lists, a matrix, a state
 * machine and a checksum.  Written for these tests. */
#include <stdint.h>

enum { ITEMS = 64, SIDE = 10 };

struct item {
    struct item *next;
    int16_t key, value;
};

static struct item pool[ITEMS];
static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];
static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,"
                           "5.500e+3,-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,";

static struct item *merge(struct item *a, struct item *b) {
    struct item head, *tail = &head;
    while (a && b) {
        struct item **from = a->key <= b->key ? &a : &b;
        tail->next = *from;
        *from = (*from)->next;
        tail = tail->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static __attribute__((noinline)) struct item *sort(struct item *list, int length) {
    if (length == 1) {
        list->next = 0;
        return list;
    }
    struct item *middle = list;
    for (int i = 0; i < length / 2; i++) {
        middle = middle->next;
    }
    struct item *rest = sort(middle, length - length / 2);
    return merge(sort(list, length / 2), rest);
}

static __attribute__((noinline)) int32_t find(const struct item *list) {
    int32_t sum = 0;
    for (int16_t wanted = 0; wanted < ITEMS; wanted += 7) {
        const struct item *at = list;
        while (at && at->value != wanted) {
            at = at->next;
        }
        sum += at ? at->key : -1;
    }
    return sum;
}

static __attribute__((noinline)) int32_t multiply(int16_t seed) {
    int32_t sum = 0;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            left[i][j] = (int16_t)(i * j + seed);
            right[i][j] = (int16_t)(i - j * seed);
        }
    }
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            int32_t total = 0;
            for (int k = 0; k < SIDE; k++) {
                total += left[i][k] * right[k][j];
            }
            product[i][j] = total;
            sum += (total >> 2 & 15) * (total >> 5 & 127);
        }
    }
    return sum;
}

/* 0 start, 1 sign, 2 digits, 3 fraction, 4 exponent, 5 its sign, 6 its digits, 7 no number */
static __attribute__((noinline)) uint32_t scan(void) {
    uint32_t state = 0, hash = 0;
    for (const char *at = text; *at; at++) {
        char c = *at;
        int digit = c >= '0' && c <= '9', sign = c == '+' || c == '-', point = c == '.';
        if (c == ',') {
            hash = hash * 31 + state;
            state = 0;
            continue;
        }
        switch (state) {
        case 0:
            state = digit ? 2 : sign ? 1 : point ? 3 : 7;
            break;
        case 1:
        case 2:
            state = digit ? 2 : point ? 3 : c == 'e' ? 4 : 7;
            break;
        case 3:
            state = digit ? 3 : c == 'e' ? 4 : 7;
            break;
        case 4:
            state = sign ? 5 : digit ? 6 : 7;
            break;
        case 5:
        case 6:
            state = digit ? 6 : 7;
            break;
        default:
            break;
        }
    }
    return hash;
}

static __attribute__((noinline)) uint32_t checksum(uint32_t word, uint32_t crc) {
    for (int bit = 0; bit < 32; bit++) {
        uint32_t carry = (word ^ crc) & 1;
        crc >>= 1;
        word >>= 1;
        if (carry) {
            crc ^= 0xa001;
        }
    }
    return crc;
}

uint32_t mix(int rounds) {
    uint32_t crc = 0xffff;
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < ITEMS; i++) {
            pool[i].key = (int16_t)((i * 37 + round) & (ITEMS - 1));
            pool[i].value = (int16_t)i;
            pool[i].next = i + 1 < ITEMS ? &pool[i + 1] : 0;
        }
        crc = checksum((uint32_t)find(sort(pool, ITEMS)), crc);
        crc = checksum((uint32_t)multiply((int16_t)(round + 1)), crc);
        crc = checksum(scan(), crc);
        for (int i = 0; i < SIDE; i++) {
            crc = checksum((uint32_t)product[i][i], crc);
        }
    }
    return crc;
}
