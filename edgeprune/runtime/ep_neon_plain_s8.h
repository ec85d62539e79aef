/* A panel times a band of pixels, without SDOT. */
#ifndef EP_NEON_PLAIN_S8_H
#define EP_NEON_PLAIN_S8_H

#include "ep_neon_panels_s8.h"

void ep_neon_plain_panel(const ep_neon_panels *p, const ep_neon_panel *f,
                         const int8_t *const *pixels, int32_t count, int8_t *output);

#endif
