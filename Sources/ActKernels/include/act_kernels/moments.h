// Mean and variance of each channel.
#ifndef ACT_KERNELS_MOMENTS_H
#define ACT_KERNELS_MOMENTS_H

#include "types.h"

// out[b, 0, c] = the mean of x[b, 0 ..< rows, c], out[b, 1, c] = the mean of the squares of what these differ from the
// mean by. x: [batch, rows, channels], rows > 0; out: [batch, 2, channels]. Sums are double and run over differences from
// the entry's first row, so that neither many rows nor a mean far from 0 cost precision: the same bits at every level.
// Both are NaN where a channel holds NaN, and at least the variance where it holds an infinity.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t batch, rows, channels;
} act_moments_args;

#endif
