#include "ep_depthwise_conv_2d_s8_neon.h"

#define LANES 16
#define NINE 9

typedef ep_depthwise_conv_2d_s8_neon_params params;

/* Sixteen channels: their weights and factors, and how many of them there are. */
typedef struct {
    const int8_t *weights;
    const int8_t *interleaved;
    const int32_t *stage;
    int32_t channels;
} block;

EP_INLINE void load_bias(int32x4_t sums[4], const block *b) {
    const int32x4x4_t bias = vld1q_s32_x4(b->stage);
    EP_UNROLLED for (int32_t v = 0; v < 4; v++) {
        sums[v] = bias.val[v];
    }
}

EP_INLINE void finish(const block *b, const int32x4_t sums[4], ep_neon_rounding rounding,
                      ep_neon_bounds bounds, int8_t *output) {
    int32x4_t values[4];
    EP_UNROLLED for (int32_t v = 0; v < 4; v++) {
        const int32_t *factors = b->stage + LANES + 4 * v;
        values[v] =
            ep_neon_requantize(sums[v], vld1q_s32(factors), vld1q_s32(factors + LANES), rounding);
    }
    ep_neon_store(output, ep_neon_narrow(values, bounds), b->channels);
}

EP_INLINE void add_products(int32x4_t sums[4], int16x8_t low, int16x8_t high) {
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
}

EP_INLINE void one_tap(int32x4_t sums[4], int8x16_t w, int8x16_t a) {
    add_products(sums, vmull_s8(vget_low_s8(w), vget_low_s8(a)), vmull_high_s8(w, a));
}

EP_INLINE void two_taps(int32x4_t sums[4], int8x16_t w, int8x16_t a, int8x16_t next_w,
                        int8x16_t next_a) {
    const int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(a));
    const int16x8_t high = vmull_high_s8(w, a);
    add_products(sums, vmlal_s8(low, vget_low_s8(next_w), vget_low_s8(next_a)),
                 vmlal_high_s8(high, next_w, next_a));
}

/* Any window. */
EP_INLINE void pixel_of_any(const params *p, const block *b, const int8_t *at, int32x4_t sums[4]) {
    const int8_t *w = b->weights;
    int32_t t = 0;
    for (; p->paired && t + 2 <= p->taps; t += 2, w += 2 * LANES) {
        two_taps(sums, vld1q_s8(w), vld1q_s8(at + p->offsets[t]), vld1q_s8(w + LANES),
                 vld1q_s8(at + p->offsets[t + 1]));
    }
    for (; t < p->taps; t++, w += LANES) {
        one_tap(sums, vld1q_s8(w), vld1q_s8(at + p->offsets[t]));
    }
}

static void block_of_any(const params *p, const block *b, const int8_t *image, int8_t *output) {
    const ep_window *w = &p->window;
    const ep_neon_bounds bounds = ep_neon_bounds_of(&p->output);
    for (int32_t y = 0; y < w->out_h; y++) {
        const int8_t *at = image + (ptrdiff_t)y * w->stride_h * p->frame.width * w->in_c;
        for (int32_t x = 0; x < w->out_w; x++) {
            int32x4_t sums[4];
            load_bias(sums, b);
            pixel_of_any(p, b, at, sums);
            finish(b, sums, EP_NEON_ANY, bounds, output);
            at += w->stride_w * w->in_c;
            output += w->out_c;
        }
    }
}

/* Nine taps without -128, whose weights and offsets stay in registers. */
EP_INLINE void nine_taps(const params *p, const block *b, const int8_t *image,
                         ep_neon_rounding rounding, int8_t *output) {
    const ep_window *w = &p->window;
    const ep_neon_bounds bounds = ep_neon_bounds_of(&p->output);
    int8x16_t weights[NINE];
    ptrdiff_t offsets[NINE];
    EP_UNROLLED for (int32_t t = 0; t < NINE; t++) {
        weights[t] = vld1q_s8(b->weights + LANES * t);
        offsets[t] = p->offsets[t];
    }
    const ptrdiff_t next = (ptrdiff_t)w->stride_w * w->in_c;
    const int32_t width = w->out_w, channels = w->out_c;
    for (int32_t y = 0; y < w->out_h; y++) {
        const int8_t *at = image + (ptrdiff_t)y * w->stride_h * p->frame.width * w->in_c;
        for (int32_t x = 0; x < width; x++) {
            int32x4_t sums[4];
            load_bias(sums, b);
            EP_UNROLLED for (int32_t t = 0; t + 2 <= NINE; t += 2) {
                two_taps(sums, weights[t], vld1q_s8(at + offsets[t]), weights[t + 1],
                         vld1q_s8(at + offsets[t + 1]));
            }
            one_tap(sums, weights[NINE - 1], vld1q_s8(at + offsets[NINE - 1]));
            finish(b, sums, rounding, bounds, output);
            at += next;
            output += channels;
        }
    }
}

static void block_of_nine(const params *p, const block *b, const int8_t *image, int8_t *output) {
    if (p->output.rounding == EP_NEON_RELU) {
        nine_taps(p, b, image, EP_NEON_RELU, output);
    } else {
        nine_taps(p, b, image, EP_NEON_ANY, output);
    }
}

/* Three pixels side by side, by channel: in each lane of four bytes the three of a channel. */
EP_INLINE void interleave(int8x16_t words[4], const int8_t *at, ptrdiff_t next) {
    const int8x16_t a = vld1q_s8(at), b = vld1q_s8(at + next), c = vld1q_s8(at + 2 * next);
    const int16x8_t ab = vreinterpretq_s16_s8(vzip1q_s8(a, b));
    const int16x8_t cc = vreinterpretq_s16_s8(vzip1q_s8(c, c));
    const int16x8_t ab_high = vreinterpretq_s16_s8(vzip2q_s8(a, b));
    const int16x8_t cc_high = vreinterpretq_s16_s8(vzip2q_s8(c, c));
    words[0] = vreinterpretq_s8_s16(vzip1q_s16(ab, cc));
    words[1] = vreinterpretq_s8_s16(vzip2q_s16(ab, cc));
    words[2] = vreinterpretq_s8_s16(vzip1q_s16(ab_high, cc_high));
    words[3] = vreinterpretq_s8_s16(vzip2q_s16(ab_high, cc_high));
}

EP_USES_DOT_PRODUCTS EP_INLINE void add_row(int32x4_t sums[4], const int8x16_t words[4],
                                            const int8x16_t weights[4]) {
    EP_UNROLLED for (int32_t v = 0; v < 4; v++) {
        sums[v] = vdotq_s32(sums[v], words[v], weights[v]);
    }
}

/* A row of the image: the last of one output, the middle of the next, the first of a third. */
EP_USES_DOT_PRODUCTS EP_INLINE void row(const block *b, const int8_t *at, ptrdiff_t next,
                                        int8x16_t weights[3][4], int32x4_t last[4],
                                        int32x4_t middle[4], int32x4_t first[4],
                                        ep_neon_rounding rounding, ep_neon_bounds bounds,
                                        int8_t *output) {
    int8x16_t words[4];
    interleave(words, at, next);
    add_row(last, words, weights[2]);
    add_row(middle, words, weights[1]);
    finish(b, last, rounding, bounds, output);
    load_bias(first, b);
    add_row(first, words, weights[0]);
}

EP_USES_DOT_PRODUCTS EP_INLINE void column(const params *p, const block *b, const int8_t *at,
                                           int8x16_t weights[3][4], ep_neon_rounding rounding,
                                           ep_neon_bounds bounds, int8_t *output) {
    const ptrdiff_t line = (ptrdiff_t)p->frame.width * p->window.in_c;
    const ptrdiff_t next = p->window.in_c;
    const ptrdiff_t output_line = (ptrdiff_t)p->window.out_w * p->window.out_c;
    int32x4_t one[4], two[4], three[4];
    int8x16_t words[4];
    interleave(words, at, next);
    load_bias(one, b);
    add_row(one, words, weights[0]);
    interleave(words, at + line, next);
    add_row(one, words, weights[1]);
    load_bias(two, b);
    add_row(two, words, weights[0]);
    at += 2 * line;
    for (int32_t left = p->window.out_h;;) {
        row(b, at, next, weights, one, two, three, rounding, bounds, output);
        if (--left == 0) {
            break;
        }
        at += line;
        output += output_line;
        row(b, at, next, weights, two, three, one, rounding, bounds, output);
        if (--left == 0) {
            break;
        }
        at += line;
        output += output_line;
        row(b, at, next, weights, three, one, two, rounding, bounds, output);
        if (--left == 0) {
            break;
        }
        at += line;
        output += output_line;
    }
}

EP_USES_DOT_PRODUCTS EP_INLINE void columns(const params *p, const block *b, const int8_t *image,
                                            ep_neon_rounding rounding, int8_t *output) {
    const ep_neon_bounds bounds = ep_neon_bounds_of(&p->output);
    int8x16_t weights[3][4];
    EP_UNROLLED for (int32_t i = 0; i < 12; i++) {
        weights[i / 4][i % 4] = vld1q_s8(b->interleaved + LANES * i);
    }
    for (int32_t x = 0; x < p->window.out_w; x++) {
        column(p, b, image, weights, rounding, bounds, output);
        image += p->window.in_c;
        output += p->window.out_c;
    }
}

EP_USES_DOT_PRODUCTS static void block_by_columns(const params *p, const block *b,
                                                  const int8_t *image, int8_t *output) {
    if (p->output.rounding == EP_NEON_RELU) {
        columns(p, b, image, EP_NEON_RELU, output);
    } else if (p->output.rounding == EP_NEON_RIGHT) {
        columns(p, b, image, EP_NEON_RIGHT, output);
    } else {
        columns(p, b, image, EP_NEON_ANY, output);
    }
}

/* All blocks; the last overlaps the one before it so that it is whole. */
static void convolve(const params *p, const int8_t *image, int8_t *output) {
    const int32_t channels = p->window.in_c;
    block b = {p->weights, p->interleaved, p->stage, channels < LANES ? channels : LANES};
    for (int32_t done = 0; done < channels; done += LANES) {
        const int32_t first = done + LANES > channels && done > 0 ? channels - LANES : done;
        if (p->interleaved != NULL && ep_neon_has_dot_products()) {
            block_by_columns(p, &b, image + first, output + first);
        } else if (p->taps == NINE && p->paired) {
            block_of_nine(p, &b, image + first, output + first);
        } else {
            block_of_any(p, &b, image + first, output + first);
        }
        b.weights += (ptrdiff_t)LANES * p->taps;
        b.interleaved += p->interleaved != NULL ? 3 * 4 * LANES : 0;
        b.stage += 3 * LANES;
    }
}

void ep_depthwise_conv_2d_s8_neon(const ep_depthwise_conv_2d_s8_neon_params *p, const int8_t *input,
                                  int8_t *output, void *scratch) {
    const ep_window *w = &p->window;
    for (int32_t b = 0; b < w->batches; b++) {
        convolve(p, ep_neon_framed(&p->frame, input, w->in_w, scratch), output);
        input += (ptrdiff_t)w->in_h * w->in_w * w->in_c;
        output += (ptrdiff_t)w->out_h * w->out_w * w->out_c;
    }
}
