// Piecewise-linear functions, one for each column.
#ifndef ACT_KERNELS_INTERPOLATE_H
#define ACT_KERNELS_INTERPOLATE_H

#include "types.h"

// out[row, i] = the value at x[row, i] of the function through the points (knots[j, i], values[j, i]), j < count, whose
// knots rise: before the first and after the last it keeps their values, and of knots that are equal the last counts.
// NaN stays NaN. Knots that do not rise give a value for every x too, though not a useful one. The tables are
// [count, columns] without gaps; those of slot s begin s * slot_stride further, s = slots[row / rows_per_slot], or 0
// where slots is null. count is at least 1. out may alias x exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t rows, columns;
  const float *knots, *values;
  ptrdiff_t knots_slot_stride, values_slot_stride;
  int32_t count;
  const int32_t *slots;
  int32_t rows_per_slot;
} act_interpolate_args;

#endif
