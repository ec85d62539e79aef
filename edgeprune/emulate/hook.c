/* Counts instructions and cycles by basic block.  The emulator calls block_executed
 * directly, so that the hot path never enters Python: about 100 times as fast. */
#include <stdint.h>
#include <stdlib.h>

typedef struct block {
    uint32_t address, size;
    /* Filled in by `describe` when the block is first met. */
    uint32_t instructions, cycles;
    uint32_t taken_cycles; /* added when the next block does not follow in memory */
    uint32_t starts_wide;  /* added when the block is reached by a branch */
    uint64_t count, branch_cycles;
    struct block *successor; /* the block that followed last time, usually the next one too */
} block;

typedef struct {
    uint64_t cycles;
    uint64_t deadline; /* stop before the first block at or after this cycle */
    uint32_t stop;     /* stop before the next block */
    uint32_t stopped;  /* set when the emulator was told to stop */
    block *current;
    block **table; /* open addressing; size is mask + 1 */
    uint32_t mask, used;
    int (*emulation_stop)(void *emulator);
    void (*describe)(block *);
} counter;

enum { FIRST_SIZE = 1 << 12 };

counter *counter_new(int (*emulation_stop)(void *), void (*describe)(block *)) {
    counter *c = calloc(1, sizeof *c);
    block **table = calloc(FIRST_SIZE, sizeof *table);
    if (c == NULL || table == NULL) {
        free(c);
        free(table);
        return NULL;
    }
    c->table = table;
    c->mask = FIRST_SIZE - 1;
    c->deadline = UINT64_MAX;
    c->emulation_stop = emulation_stop;
    c->describe = describe;
    return c;
}

void counter_free(counter *c) {
    for (uint32_t i = 0; i <= c->mask; i++) {
        free(c->table[i]);
    }
    free(c->table);
    free(c);
}

/* Counts from zero again; the clock runs on. */
void counter_clear(counter *c) {
    for (uint32_t i = 0; i <= c->mask; i++) {
        if (c->table[i] != NULL) {
            c->table[i]->count = 0;
            c->table[i]->branch_cycles = 0;
        }
    }
}

/* The slot of the block, or the free slot where it belongs. */
static block **slot_of(block **table, uint32_t mask, uint32_t address, uint32_t size) {
    uint32_t hash = ((address >> 1 ^ size << 18) * 2654435761u) >> 7;
    for (;; hash++) {
        block **slot = table + (hash & mask);
        if (*slot == NULL || ((*slot)->address == address && (*slot)->size == size)) {
            return slot;
        }
    }
}

static int grow(counter *c) {
    uint32_t mask = 2 * c->mask + 1;
    block **table = calloc((size_t)mask + 1, sizeof *table);
    if (table == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i <= c->mask; i++) {
        if (c->table[i] != NULL) {
            *slot_of(table, mask, c->table[i]->address, c->table[i]->size) = c->table[i];
        }
    }
    free(c->table);
    c->table = table;
    c->mask = mask;
    return 1;
}

static block *find(counter *c, uint32_t address, uint32_t size) {
    block *last = c->current;
    if (last != NULL && last->successor != NULL && last->successor->address == address &&
        last->successor->size == size) {
        return last->successor;
    }
    block **slot = slot_of(c->table, c->mask, address, size);
    if (*slot == NULL) {
        if (2 * c->used > c->mask) {
            if (!grow(c)) {
                return NULL;
            }
            slot = slot_of(c->table, c->mask, address, size);
        }
        block *b = calloc(1, sizeof *b);
        if (b == NULL) {
            return NULL;
        }
        b->address = address;
        b->size = size;
        *slot = b;
        c->used++;
        c->describe(b);
    }
    if (last != NULL) {
        last->successor = *slot;
    }
    return *slot;
}

/* Stopping here, before anything is counted, leaves the block unexecuted: the emulator
 * starts with the same block again and each block is counted exactly once. */
void block_executed(void *emulator, uint64_t address, uint32_t size, void *user) {
    counter *c = user;
    block *last = c->current;
    block *b = NULL;
    if (!c->stop && c->cycles < c->deadline) {
        b = find(c, (uint32_t)address, size);
    }
    if (b == NULL) {
        c->stopped = 1;
        c->emulation_stop(emulator);
        return;
    }
    if (last != NULL && b->address != last->address + last->size) {
        uint32_t extra = last->taken_cycles + b->starts_wide;
        last->branch_cycles += extra;
        c->cycles += extra;
    }
    b->count++;
    c->cycles += b->cycles;
    c->current = b;
}
