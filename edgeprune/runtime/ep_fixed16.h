/* Logistic and hyperbolic tangent of 16-bit fixed-point numbers, bit by bit as gemmlowp's
 * fixed-point library (2015, public/fixedpoint/fixedpoint.h) defines them, which TFLite's
 * integer LSTM uses.
 *
 * Qi has i bits before the binary point and 15 - i behind it. */
#ifndef EP_FIXED16_H
#define EP_FIXED16_H

#include <stdint.h>

/* 1 / (1 + exp(-value)); value is Q3, the result Q0. */
int16_t ep_logistic_q3(int16_t value);

/* tanh(value); value is Q(integer_bits), 0 to 6, the result Q0. */
int16_t ep_tanh_q(int16_t value, int32_t integer_bits);

#endif
