#include "ep_conv_2d_s8_winograd.h"
#include "ep_conv_2d_s8_winograd_input.h"
#include "ep_conv_2d_s8_winograd_weights.h"
#include "ep_dsp.h"

#include <string.h>

/* Bytes of one pair of channels of V for four patches, and of U for two output channels. */
enum { TILE = 4, PATCH_BYTES = 24, PAIR_OF_V = 96, PAIR_OF_U = 288, SUMS_OF_CHANNEL = 96 };

typedef struct {
    const ep_conv_2d_s8_winograd_params *p;
    int32_t tile_rows;
    int32_t tile_columns;
    int32_t pairs;
    int32_t band_bytes; /* of one row */
    int32_t row_step;   /* from row to row of V */
    int8_t *band;
    uint32_t *columns;
    uint8_t *v;
    uint8_t *u;
    ep_winograd_tile *tiles;
    int32_t count; /* of tiles in the batch */
    int partial;   /* whether tiles hang over the output's edges */
    int8_t aside[TILE][TILE * TILE];
} winograd;

static winograd prepare(const ep_conv_2d_s8_winograd_params *p, uint8_t *scratch) {
    const int32_t blocks = p->batch_tiles / TILE;
    winograd w = {.p = p, .pairs = p->depth / 2};
    w.partial = p->window.out_h % TILE != 0 || p->window.out_w % TILE != 0;
    w.tile_rows = (p->window.out_h + TILE - 1) / TILE;
    w.tile_columns = (p->window.out_w + TILE - 1) / TILE;
    w.band_bytes = (TILE * w.tile_columns + 2) * p->depth;
    w.row_step = blocks * w.pairs * PAIR_OF_V + 2 * SUMS_OF_CHANNEL;
    w.tiles = (ep_winograd_tile *)(void *)scratch;
    scratch += (size_t)p->batch_tiles * sizeof(ep_winograd_tile);
    w.columns = (uint32_t *)(void *)scratch;
    scratch += 6 * EP_WINOGRAD_COLUMNS * sizeof(uint32_t);
    w.v = scratch;
    scratch += 6 * (ptrdiff_t)w.row_step;
    w.band = (int8_t *)scratch;
    scratch += 6 * (ptrdiff_t)w.band_bytes;
    w.u = scratch;
    return w;
}

/* Pixels of a depth that is not a multiple of 4 to places that are, by words: what of the next
 * pixel comes to lie behind one does not matter. */
static void spread_pixels(const winograd *w, const int8_t *pixels, int8_t *row) {
    const ep_window *window = &w->p->window;
    for (int32_t x = 1; x < window->in_w; x++) {
        for (int32_t c = 0; c < w->p->depth; c += 4) {
            ep_store_word(row + c, ep_load_word(pixels + c));
        }
        pixels += window->in_c;
        row += w->p->depth;
    }
    memcpy(row, pixels, (size_t)window->in_c);
}

/* Input row `y` as a row of the band; what lies outside of the input is its zero point. */
static void fill_row(const winograd *w, const int8_t *image, int32_t y, int8_t *row) {
    const ep_window *window = &w->p->window;
    const int zero = (int)w->p->input_zero_point;
    const size_t before = (size_t)(window->pad_left * w->p->depth);
    const size_t inside = (size_t)(window->in_w * w->p->depth);
    if (y < 0 || y >= window->in_h) {
        memset(row, zero, (size_t)w->band_bytes);
        return;
    }
    const int8_t *pixels = image + (ptrdiff_t)y * window->in_w * window->in_c;
    memset(row, zero, before);
    if (window->in_c == w->p->depth) {
        memcpy(row + before, pixels, inside);
    } else {
        spread_pixels(w, pixels, row + before);
    }
    memset(row + before + inside, zero, (size_t)w->band_bytes - before - inside);
}

static void fill_band(const winograd *w, const int8_t *image, int32_t tile_row) {
    const int32_t top = TILE * tile_row - w->p->window.pad_top;
    int32_t row = 0;
    if (tile_row > 0) {
        memcpy(w->band, w->band + TILE * (ptrdiff_t)w->band_bytes, 2 * (size_t)w->band_bytes);
        row = 2;
    }
    for (; row < 6; row++) {
        fill_row(w, image, top + row, w->band + row * (ptrdiff_t)w->band_bytes);
    }
}

/* V of `patches` patches side by side, which go into one block of four. */
static void transform_input(const winograd *w, int32_t tile_column, int32_t patches) {
    const int32_t depth = w->p->depth;
    const int8_t *pixels = w->band + (ptrdiff_t)(TILE * tile_column) * depth;
    const int32_t count = TILE * patches + 2;
    uint8_t *v =
        w->v + (ptrdiff_t)(w->count / TILE * w->pairs) * PAIR_OF_V + w->count % TILE * PATCH_BYTES;
    for (int32_t c = 0; c < depth; c += 4) {
        ep_winograd_columns_even(pixels + c, w->columns, w->band_bytes, depth, count);
        ep_winograd_rows(w->columns, v, w->row_step, patches);
        ep_winograd_columns_odd(pixels + c, w->columns, w->band_bytes, depth, count);
        ep_winograd_rows(w->columns, v + PAIR_OF_V, w->row_step, patches);
        v += 2 * PAIR_OF_V;
    }
}

static int16_t at_most_a_tile(int32_t left) {
    return (int16_t)(left < TILE ? left : TILE);
}

static void note_tile(winograd *w, int8_t *image, int32_t tile_row, int32_t tile_column) {
    const ep_window *window = &w->p->window;
    const int32_t y = TILE * tile_row;
    const int32_t x = TILE * tile_column;
    ep_winograd_tile *tile = &w->tiles[w->count];
    tile->home = image + (ptrdiff_t)(y * window->out_w + x) * window->out_c;
    tile->rows = at_most_a_tile(window->out_h - y);
    tile->columns = at_most_a_tile(window->out_w - x);
    if (tile->rows == TILE && tile->columns == TILE) {
        tile->corner = tile->home;
        tile->row_bytes = window->out_w * window->out_c;
        tile->pixel_bytes = window->out_c;
        tile->channel_step = 1;
    } else {
        tile->corner = w->aside[w->count % TILE];
        tile->row_bytes = TILE;
        tile->pixel_bytes = 1;
        tile->channel_step = 0;
    }
    w->count++;
}

/* What of one channel of the tiles lies aside goes home. */
static void bring_home(const winograd *w, const ep_winograd_tile *tiles, int32_t count,
                       int32_t channel) {
    const ep_window *window = &w->p->window;
    for (int32_t i = 0; i < count; i++) {
        const ep_winograd_tile *tile = &tiles[i];
        if (tile->channel_step != 0) {
            continue;
        }
        for (int32_t y = 0; y < tile->rows; y++) {
            int8_t *output = tile->home + (ptrdiff_t)(y * window->out_w) * window->out_c + channel;
            for (int32_t x = 0; x < tile->columns; x++) {
                output[(ptrdiff_t)x * window->out_c] = tile->corner[y * TILE + x];
            }
        }
    }
}

static const uint8_t *weights_of(const winograd *w, int32_t channel) {
    const ep_conv_2d_s8_winograd_params *p = w->p;
    if (p->transformed != NULL) {
        return (const uint8_t *)p->transformed + (ptrdiff_t)(channel / 2) * w->pairs * PAIR_OF_U;
    }
    const int8_t *taps = p->taps + (ptrdiff_t)channel * 9 * p->depth;
    ep_winograd_weights(taps, w->u, w->pairs);
    ep_winograd_weights(taps + 9 * p->depth, w->u + PAIR_OF_U / 2, w->pairs);
    return w->u;
}

/* Outputs of two channels, or of the last one, of up to four tiles. */
static void finish_block(const winograd *w, int32_t channel, ep_winograd_tile *tiles,
                         int32_t count) {
    const ep_conv_2d_s8_winograd_params *p = w->p;
    const uint8_t *sums = w->v + w->row_step - 2 * SUMS_OF_CHANNEL;
    ep_winograd_stage stage = {.zero_point = p->output_zero_point, .row_step = w->row_step};
    for (int32_t c = channel; c < p->window.out_c && c < channel + 2; c++) {
        stage.bias = p->bias[c];
        stage.factor = p->factor[c];
        stage.scale = p->scale[c];
        p->finish(sums, tiles, count, &stage);
        if (w->partial) {
            bring_home(w, tiles, count, c);
        }
        sums += SUMS_OF_CHANNEL;
    }
}

/* All output channels of the tiles in the batch. */
static void finish_batch(winograd *w) {
    const ep_conv_2d_s8_winograd_params *p = w->p;
    const int32_t v_bytes = w->pairs * PAIR_OF_V;
    ep_winograd_steps steps = {
        .v_back = v_bytes - 4, .u_back = w->pairs * PAIR_OF_U - 4, .row_step = w->row_step};
    for (int32_t channel = 0; channel < p->window.out_c; channel += 2) {
        const uint8_t *u = weights_of(w, channel);
        const uint8_t *v = w->v;
        steps.sums = w->row_step - 2 * SUMS_OF_CHANNEL - v_bytes;
        for (int32_t first = 0; first < w->count; first += TILE) {
            const int32_t left = w->count - first;
            p->product(v, u, &steps);
            finish_block(w, channel, w->tiles + first, left < TILE ? left : TILE);
            v += v_bytes;
            steps.sums -= v_bytes;
        }
    }
    w->count = 0;
}

static void convolve(winograd *w, const int8_t *input, int8_t *output) {
    for (int32_t y = 0; y < w->tile_rows; y++) {
        fill_band(w, input, y);
        for (int32_t x = 0; x < w->tile_columns;) {
            const int32_t room = TILE - w->count % TILE;
            const int32_t left = w->tile_columns - x;
            const int32_t patches = left < room ? left : room;
            transform_input(w, x, patches);
            for (int32_t i = 0; i < patches; i++) {
                note_tile(w, output, y, x++);
            }
            if (w->count == w->p->batch_tiles) {
                finish_batch(w);
            }
        }
    }
    if (w->count > 0) {
        finish_batch(w);
    }
}

/* The four int8 of a word, clamped to the four of `low` and of `high`. */
static uint32_t clamp_word(uint32_t word, uint32_t low, uint32_t high) {
#if defined(__ARM_FEATURE_DSP)
    uint32_t scratch;
    __asm__("ssub8 %1, %0, %2\n"
            "sel %0, %0, %2\n"
            "ssub8 %1, %3, %0\n"
            "sel %0, %0, %3\n"
            : "+r"(word), "=&r"(scratch)
            : "r"(low), "r"(high));
    return word;
#else
    uint32_t result = 0;
    for (int32_t shift = 0; shift < 32; shift += 8) {
        const int32_t value = ep_clamp((int8_t)(word >> shift), (int8_t)low, (int8_t)high);
        result |= (uint32_t)(value & 0xff) << shift;
    }
    return result;
#endif
}

/* Clamp int8 outputs that so far are only saturated. */
static void clamp(int8_t *output, int32_t size, int32_t low, int32_t high) {
    const uint32_t lows = (uint32_t)(low & 0xff) * 0x01010101u;
    const uint32_t highs = (uint32_t)(high & 0xff) * 0x01010101u;
    int32_t i = 0;
    for (; i + 4 <= size; i += 4) {
        ep_store_word(output + i, clamp_word(ep_load_word(output + i), lows, highs));
    }
    for (; i < size; i++) {
        output[i] = (int8_t)ep_clamp(output[i], low, high);
    }
}

void ep_conv_2d_s8_winograd(const ep_conv_2d_s8_winograd_params *p, const int8_t *input,
                            int8_t *output, void *scratch) {
    const int32_t in_size = p->window.in_h * p->window.in_w * p->window.in_c;
    const int32_t out_size = p->window.out_h * p->window.out_w * p->window.out_c;
    winograd w = prepare(p, scratch);
    for (int32_t b = 0; b < p->window.batches; b++) {
        convolve(&w, input, output);
        if (p->low > -128 || p->high < 127) {
            clamp(output, out_size, p->low, p->high);
        }
        input += in_size;
        output += out_size;
    }
}
