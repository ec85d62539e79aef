/* Matrix times three columns of int8 for cores without DSP extension: three sums in two words.
 *
 * A multiplication of 32 bits is worth more than one of int8.  Three activations x0, x1, x2 of
 * three output pixels become the two words
 *
 *     x0 + 2^21 * x2   and   x1 + 2^10 * x2
 *
 * and the products of both with a weight are summed modulo 2^32.  Let A0, A1, A2 be the sums that
 * are wanted, each below 2^21 (they start at 2^20, so that they stay positive).  The first word
 * ends as A0 and, above it, A2 modulo 2^11; with that, the second word is A1 and, above it, the
 * rest of A2.  So three multiply-accumulates take two multiplications, two additions, and half
 * of the loads.  Sums that would not fit are cut into chunks of `chunk` weights. */
#ifndef EP_TRIPLES_S8_H
#define EP_TRIPLES_S8_H

#include "ep_scalar_stage.h"

typedef struct {
    const int8_t *weights; /* [pairs of channels][depth / 4][2][4] */
    int32_t depth;         /* a multiple of 4 */
    int32_t chunk;         /* a multiple of 4 */
    ep_scalar_stage stage; /* the bias is less by 2^20 for each chunk */
} ep_triples;

/* Pack `count` activations of three pixels into columns of 2 * `count` words. */
uint32_t *ep_pack_triples_s8(const int8_t *const *pixels, int32_t count, uint32_t *columns);

/* All output channels of three pixels; several `outputs` may be the same pixel. */
void ep_triples_s8(const ep_triples *t, const uint32_t *columns, int8_t *const *outputs);

#endif
