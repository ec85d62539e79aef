#include "ep_neon_frame_s8.h"

#include <string.h>

const int8_t *ep_neon_framed(const ep_neon_frame *f, const int8_t *input, int32_t input_width,
                             int8_t *scratch) {
    const size_t line = (size_t)(f->width * f->channels);
    const size_t before = (size_t)(f->left * f->channels);
    const size_t inside = (size_t)(f->columns * f->channels);
    int8_t *to = scratch;
    if (!f->is_needed) {
        return input;
    }
    memset(to, f->fill, (size_t)f->top * line);
    to += (size_t)f->top * line;
    for (int32_t y = 0; y < f->rows; y++) {
        memset(to, f->fill, before);
        memcpy(to + before, input, inside);
        memset(to + before + inside, f->fill, line - before - inside);
        to += line;
        input += (ptrdiff_t)input_width * f->channels;
    }
    memset(to, f->fill, (size_t)(f->height - f->top - f->rows) * line);
    return scratch;
}
