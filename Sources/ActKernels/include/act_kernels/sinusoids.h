// Cosines and sines of a number a row.
#ifndef ACT_KERNELS_SINUSOIDS_H
#define ACT_KERNELS_SINUSOIDS_H

#include "types.h"

// out[row] = [cos(x * f_0 ...) | sin(x * f_0 ...)]; x: [rows, 1], frequencies: [half], out: [rows, 2 * half].
// Angles are computed in double, so that large numbers lose nothing.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const double *frequencies;
  int32_t rows, half;
} act_sinusoids_args;
void act_sinusoids(const void *args, int worker, int workers);

#endif
