// Reductions of rows.
#ifndef ACT_KERNELS_REDUCE_H
#define ACT_KERNELS_REDUCE_H

#include "types.h"

typedef enum { ACT_REDUCE_SUM, ACT_REDUCE_MEAN, ACT_REDUCE_MAX, ACT_REDUCE_MIN } act_reduction;

// out[row * out_stride] = the sum, mean, largest or smallest of x[row, 0 ..< columns]; the last two are NaN where any of
// these is. Of no columns the sum is 0, the mean NaN, the largest -inf and the smallest inf. Runs of
// columns are summed apart: a sum of 4096 numbers is within 1e-6 of the sum of their magnitudes.
typedef struct {
  float *out;
  ptrdiff_t out_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t rows, columns;
  int32_t reduction;
} act_reduce_args;

// out[row, i] = e^(x[row, i] - m) / sum_j e^(x[row, j] - m), where m is the row's largest. A row that is -inf alone, or
// holds inf or NaN, is NaN. out may alias x exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t rows, columns;
} act_softmax_args;

#endif
