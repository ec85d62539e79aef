/* Counts instructions and cycles by basic block, and models the flash between core and code.
 * The emulator calls block_executed and memory_accessed directly, so that the hot path never
 * enters Python: about 100 times as fast. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct block {
    uint32_t address, size;
    /* Filled in by `describe` when the block is first met. */
    uint32_t instructions, cycles;
    uint32_t taken_cycles;        /* added when the next block does not follow in memory */
    uint32_t arrival_cycles;      /* added when the block is reached by such a branch */
    uint32_t mispredicted_cycles; /* added when the next block is not the expected one */
    uint32_t holds_it;            /* an IT instruction is in it */
    uint32_t watched;             /* call `arrived` before it runs */
    uint32_t confidence;          /* of the expected successor: a counter of 0 to 3 */
    uint64_t count, extra_cycles; /* extra: branches out of it, stalls in it */
    struct block *successor;      /* the block that followed last time, usually the next one too */
    struct block *expected;       /* what the branch predictor would fetch behind it */
} block;

typedef struct {
    uint32_t sets, ways, line_bytes, word_bytes;
    uint32_t fills_line;
    uint32_t base, lines;
    uint16_t *slot_of; /* of each line of the flash: its place in the cache, or ABSENT */
    uint32_t *line_in; /* of each place: the line of the flash, or NOWHERE */
    uint32_t *valid;   /* of each place: a bit per flash word */
    uint64_t *used;    /* of each place: when it was last used */
} cache;

/* The memory that code and constants are read from; off when `word_bytes` is 0. */
typedef struct {
    uint32_t base, end, wait_states, word_bytes, prefetch, shared_port;
    cache *instructions, *data;
    uint32_t word, prefetched_word, data_word; /* numbers of flash words, or NOWHERE */
    uint64_t prefetch_ready, now;
} flash;

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
    void (*arrived)(uint32_t address);
    int (*register_read)(void *emulator, int which, void *value);
    int (*register_write)(void *emulator, int which, const void *value);
    int xpsr; /* the emulator's number of that register */
    flash flash;
} counter;

enum { FIRST_SIZE = 1 << 12, ABSENT = 0xFFFF, UNICORN_READ = 16, CONFIDENT = 3 };
static const uint32_t NOWHERE = 0xFFFFFFFFu, WHOLE_LINE = 0xFFFFFFFFu;
/* A handler returns by branching to an address from here on; no code is there. */
static const uint32_t RETURN_CODES = 0xFFFFFF00u;
/* Where xPSR keeps the state of an IT instruction: bits 26:25 and 15:10. */
static const uint32_t IT_STATE = 0x0600FC00u;

counter *counter_new(int (*emulation_stop)(void *), void (*describe)(block *),
                     void (*arrived)(uint32_t)) {
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
    c->arrived = arrived;
    return c;
}

static void cache_free(cache *c) {
    if (c != NULL) {
        free(c->slot_of);
        free(c->line_in);
        free(c->valid);
        free(c->used);
        free(c);
    }
}

void counter_free(counter *c) {
    for (uint32_t i = 0; i <= c->mask; i++) {
        free(c->table[i]);
    }
    if (c->flash.data != c->flash.instructions) {
        cache_free(c->flash.data);
    }
    cache_free(c->flash.instructions);
    free(c->table);
    free(c);
}

/* Counts from zero again; the clock, the caches and the predictor run on. */
void counter_clear(counter *c) {
    for (uint32_t i = 0; i <= c->mask; i++) {
        if (c->table[i] != NULL) {
            c->table[i]->count = 0;
            c->table[i]->extra_cycles = 0;
        }
    }
}

/* ---- Flash and its caches ---- */

/* A cache for `flash_bytes` of flash at `base`; NULL without memory for it. */
cache *cache_new(uint32_t sets, uint32_t ways, uint32_t line_bytes, uint32_t word_bytes,
                 uint32_t fills_line, uint32_t base, uint32_t flash_bytes) {
    cache *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    uint32_t places = sets * ways;
    *c = (cache){.sets = sets,
                 .ways = ways,
                 .line_bytes = line_bytes,
                 .word_bytes = word_bytes,
                 .fills_line = fills_line,
                 .base = base,
                 .lines = flash_bytes / line_bytes};
    c->slot_of = malloc(c->lines * sizeof *c->slot_of);
    c->line_in = malloc(places * sizeof *c->line_in);
    c->valid = calloc(places, sizeof *c->valid);
    c->used = calloc(places, sizeof *c->used);
    if (c->slot_of == NULL || c->line_in == NULL || c->valid == NULL || c->used == NULL) {
        cache_free(c);
        return NULL;
    }
    memset(c->slot_of, 0xFF, c->lines * sizeof *c->slot_of);
    memset(c->line_in, 0xFF, places * sizeof *c->line_in);
    return c;
}

/* The place that a new line goes to: the least recently used of its set. */
static uint32_t victim(const cache *c, uint32_t line) {
    uint32_t first = line % c->sets * c->ways, oldest = first;
    for (uint32_t place = first + 1; place < first + c->ways; place++) {
        if (c->used[place] < c->used[oldest]) {
            oldest = place;
        }
    }
    return oldest;
}

/* Whether the word at `address` is in the cache; no cache has nothing. */
static int cached(cache *c, uint32_t address, uint64_t now) {
    uint32_t line = c == NULL ? 0 : (address - c->base) / c->line_bytes;
    if (c == NULL || line >= c->lines || c->slot_of[line] == ABSENT) {
        return 0;
    }
    uint32_t slot = c->slot_of[line];
    uint32_t word = 1u << (address % c->line_bytes / c->word_bytes);
    if ((c->valid[slot] & word) == 0) {
        return 0;
    }
    c->used[slot] = now;
    return 1;
}

static void cache_fill(cache *c, uint32_t address, uint64_t now) {
    uint32_t line = c == NULL ? 0 : (address - c->base) / c->line_bytes;
    if (c == NULL || line >= c->lines) {
        return;
    }
    uint32_t word = c->fills_line ? WHOLE_LINE : 1u << (address % c->line_bytes / c->word_bytes);
    uint32_t slot = c->slot_of[line];
    if (slot == ABSENT) {
        slot = victim(c, line);
        if (c->line_in[slot] != NOWHERE) {
            c->slot_of[c->line_in[slot]] = ABSENT;
        }
        c->line_in[slot] = line;
        c->slot_of[line] = (uint16_t)slot;
        c->valid[slot] = 0;
    }
    c->valid[slot] |= word;
    c->used[slot] = now;
}

static int in_flash(const flash *f, uint32_t address) {
    return f->word_bytes != 0 && address >= f->base && address < f->end;
}

/* Stall cycles for fetching one flash word of code at `time`. */
static uint32_t fetch(flash *f, uint32_t word, uint64_t time) {
    if (word == f->word) {
        return 0;
    }
    uint64_t stall = 0, now = ++f->now;
    uint32_t address = word * f->word_bytes;
    f->word = word;
    if (!cached(f->instructions, address, now)) {
        uint64_t waiting = f->prefetch_ready > time ? f->prefetch_ready - time : 0;
        if (f->prefetch && word == f->prefetched_word) {
            stall = waiting;
        } else {
            stall = f->wait_states + (f->shared_port ? waiting : 0);
        }
        cache_fill(f->instructions, address, now);
    }
    uint32_t next = address + f->word_bytes;
    if (f->prefetch && f->prefetched_word != word + 1 && next < f->end &&
        !cached(f->instructions, next, now)) {
        f->prefetched_word = word + 1;
        f->prefetch_ready = time + stall + f->wait_states + 1;
    }
    return (uint32_t)stall;
}

/* Stall cycles for fetching a block; its words are needed as its cycles go by. */
static uint32_t fetch_block(flash *f, const block *b, uint64_t time) {
    uint32_t stall = 0;
    uint32_t first = b->address / f->word_bytes;
    uint32_t last = (b->address + b->size - 1) / f->word_bytes;
    for (uint32_t word = first; word <= last; word++) {
        uint64_t passed =
            word == first ? 0 : (uint64_t)b->cycles * (word * f->word_bytes - b->address) / b->size;
        stall += fetch(f, word, time + stall + passed);
    }
    return stall;
}

/* Stall cycles for reading data from flash at `time`. */
static uint32_t read_data(flash *f, uint32_t address, uint64_t time) {
    uint32_t word = address / f->word_bytes, stall = 0;
    if (word == f->data_word) {
        return 0;
    }
    uint64_t now = ++f->now;
    if (!cached(f->data, address, now)) {
        stall = f->wait_states;
        if (f->shared_port && f->prefetch_ready > time && f->prefetched_word != NOWHERE) {
            uint64_t waiting = f->prefetch_ready - time;
            stall += waiting > f->wait_states ? f->wait_states : (uint32_t)waiting;
        }
        cache_fill(f->data, address, now);
    }
    if (f->data != NULL) {
        f->data_word = word;
    }
    return stall;
}

/* ---- Blocks ---- */

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

/* A two-bit counter per block decides whether its expected successor is replaced. */
static int mispredicted(block *last, block *next) {
    if (last->expected == next) {
        last->confidence += last->confidence < CONFIDENT;
        return 0;
    }
    if (last->confidence > 1) {
        last->confidence--;
    } else {
        last->expected = next;
        last->confidence = 1;
    }
    return 1;
}

/* Cycles that the way from one block to the next takes. */
static uint32_t branch_cycles(block *last, block *next) {
    uint32_t cycles = 0;
    if (next->address != last->address + last->size) {
        cycles = last->taken_cycles + next->arrival_cycles;
    }
    if (last->mispredicted_cycles != 0 && mispredicted(last, next)) {
        cycles += last->mispredicted_cycles;
    }
    return cycles;
}

/* Stopping here, before anything is counted, leaves the block unexecuted: the emulator
 * starts with the same block again and each block is counted exactly once. */
void block_executed(void *emulator, uint64_t address, uint32_t size, void *user) {
    counter *c = user;
    block *last = c->current;
    block *b = NULL;
    if (!c->stop && c->cycles < c->deadline && address < RETURN_CODES) {
        b = find(c, (uint32_t)address, size);
    }
    if (b == NULL) {
        c->stopped = 1;
        c->emulation_stop(emulator);
        return;
    }
    if (last != NULL) {
        uint32_t extra = branch_cycles(last, b);
        last->extra_cycles += extra;
        c->cycles += extra;
    }
    if (b->watched) {
        c->arrived(b->address);
    }
    b->count++;
    if (in_flash(&c->flash, b->address)) {
        uint32_t stall = fetch_block(&c->flash, b, c->cycles);
        b->extra_cycles += stall;
        c->cycles += stall;
    }
    c->cycles += b->cycles;
    c->current = b;
}

/* Cycles that an access beyond its natural alignment adds: it is split in two, or in three
 * at an odd address (DDI0439 3.3.2). */
static uint32_t unaligned_cycles(uint32_t address, int size) {
    if ((size != 2 && size != 4) || (address & (uint32_t)(size - 1)) == 0) {
        return 0;
    }
    return size == 4 && (address & 1) != 0 ? 2 : 1;
}

/* unicorn 2.1 sets the IT state back to that of the accessing instruction before it calls a
 * memory hook, and leaves it there: the next block would start inside a stale IT block. */
static void clear_it_state(const counter *c, void *emulator) {
    uint32_t xpsr = 0;
    c->register_read(emulator, c->xpsr, &xpsr);
    if ((xpsr & IT_STATE) != 0) {
        xpsr &= ~IT_STATE;
        c->register_write(emulator, c->xpsr, &xpsr);
    }
}

void memory_accessed(void *emulator, int type, uint64_t address, int size, int64_t value,
                     void *user) {
    counter *c = user;
    block *b = c->current;
    (void)value;
    if (b == NULL) {
        return;
    }
    if (b->holds_it) {
        clear_it_state(c, emulator);
    }
    uint32_t stall = unaligned_cycles((uint32_t)address, size);
    if (type == UNICORN_READ && in_flash(&c->flash, (uint32_t)address)) {
        stall += read_data(&c->flash, (uint32_t)address, c->cycles + stall);
    }
    b->extra_cycles += stall;
    c->cycles += stall;
}
