#include "ep_depthwise_conv_2d_s8_planes.h"

#include "ep_clamp_s8.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Fill the planes with what `rows` output rows from `top` on see. */
static void load_band(const ep_depthwise_conv_2d_s8_planes_params *p, const int8_t *input,
                      int32_t channels, int32_t top, int32_t rows, int16_t *planes) {
    const ptrdiff_t pitch = p->layout.pitch / 2;
    const int32_t first = top * p->stride_h - p->pad_top;
    const int32_t end = (rows - 1) * p->stride_h + p->extent;
    const int32_t kept = top ? larger(p->extent - p->stride_h, 0) : 0;
    const int32_t begin = larger(kept, -first);
    const int32_t inside = larger(begin, smaller(end, p->in_h - first));
    if (kept) {
        ep_planes_keep(&p->layout, planes, planes + p->band * p->stride_h * pitch, kept);
    }
    if (p->band < p->out_h) { /* else the padding rows stay as they were filled at first */
        ep_planes_clear(&p->layout, planes + kept * pitch, begin - kept);
        ep_planes_clear(&p->layout, planes + inside * pitch, end - inside);
    }
    if (inside > begin) {
        ep_planes_expand_s8(&p->layout, input + (ptrdiff_t)(first + begin) * p->layout.row_bytes,
                            inside - begin, channels, planes + begin * pitch);
    }
}

static void convolve_band(const ep_depthwise_conv_2d_s8_planes_params *p, int32_t channels,
                          ep_depthwise_job job) {
    if (p->multiplier == 1) {
        job.channels = channels;
        job.step = EP_PLANES_CHANNEL;
        p->convolve(&job);
        return;
    }
    job.channels = p->multiplier;
    job.step = 0;
    for (int32_t channel = 0; channel < channels; channel++) {
        p->convolve(&job);
        job.planes += EP_PLANES_CHANNEL / 2;
        job.output += p->multiplier;
        job.table += p->multiplier * p->table_words;
    }
}

static void image(const ep_depthwise_conv_2d_s8_planes_params *p, const int8_t *input,
                  int8_t *output, int16_t *planes) {
    for (int32_t channel = 0; channel < p->in_c; channel += 4) {
        const int32_t channels = smaller(4, p->in_c - channel);
        ep_depthwise_job job = {0};
        job.planes = planes;
        job.offset = p->offset;
        job.table = p->table + (ptrdiff_t)channel * p->multiplier * p->table_words;
        for (int32_t top = 0; top < p->out_h; top += p->band) {
            job.rows = smaller(p->band, p->out_h - top);
            job.output = output + (ptrdiff_t)top * p->out_row_bytes + channel * p->multiplier;
            load_band(p, input + channel, channels, top, job.rows, planes);
            convolve_band(p, channels, job);
        }
    }
}

/* Fill with zero points what stays padding from the first to the last band. */
static void clear(const ep_depthwise_conv_2d_s8_planes_params *p, int16_t *planes) {
    const ptrdiff_t pitch = p->layout.pitch / 2;
    ep_planes_layout right = p->layout;
    right.pitch = p->clear_right;
    ep_planes_clear(&p->layout, planes, p->clear_first);
    ep_planes_clear(&p->layout, planes + p->clear_from * pitch, p->plane_rows - p->clear_from);
    for (int32_t row = 1; right.pitch && row <= p->plane_rows; row++) {
        ep_planes_clear(&right, planes + row * pitch - right.pitch / 2, 1);
    }
}

void ep_depthwise_conv_2d_s8_planes(const ep_depthwise_conv_2d_s8_planes_params *p,
                                    const int8_t *input, int8_t *output, void *scratch) {
    int16_t *planes = scratch;
    clear(p, planes);
    for (int32_t batch = 0; batch < p->batches; batch++) {
        image(p, input, output, planes);
        ep_clamp_s8(output, p->out_bytes, p->low, p->high);
        input += p->in_bytes;
        output += p->out_bytes;
    }
}
