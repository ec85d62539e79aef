/* ADD and SUB, int8, for cores with the DSP extension, whatever the scales.
 *
 * The input with the larger scale reaches the common scale by a shift; the other's share is
 * looked up, for its rounding follows no short formula.  Their sum is requantized as
 * ep_requantize.h tells.  Shapes are any that broadcast. */
#ifndef EP_ADD_TABLE_S8_H
#define EP_ADD_TABLE_S8_H

#include "ep_affine_s8.h"
#include "ep_requantize.h"

/* Its layout is known to the assembly. */
typedef struct {
    const int32_t *table; /* share of the other input by its value as unsigned byte, and of the
                             shifted input's zero point */
    int32_t shifted;      /* factor of the shifted input times 256 */
    int32_t factor;
    int32_t scale;
    int32_t zero_point;
    uint32_t low; /* the clamping range, each bound in four bytes */
    uint32_t high;
} ep_add_table;

typedef struct {
    ep_add_table sum;
    int32_t second_is_shifted;
    ep_broadcast broadcast; /* first is the shifted input */
} ep_add_table_s8_params;

void ep_add_table_s8(const ep_add_table_s8_params *p, const int8_t *first, const int8_t *second,
                     int8_t *output, void *scratch);

#endif
