// Mixtures of experts: which matrices a row is multiplied by is chosen row by row.
#ifndef ACT_KERNELS_EXPERTS_H
#define ACT_KERNELS_EXPERTS_H

#include "types.h"

// out[row, 0 ..< count] = the columns of the greatest scores of a row, the greatest first, and of equal ones the first;
// always different columns, also where scores are NaN. scores: [rows, columns], count <= columns; out: [rows, count]. The
// same at every level.
typedef struct {
  int32_t *out;
  const float *scores;
  ptrdiff_t scores_row_stride;
  int32_t rows, columns, count;
} act_choose_args;
void act_choose(const void *args, int worker, int workers);

// out[row, i] = x[row, chosen[row, i]]; chosen: [rows, count]. out does not overlap x. The same at every level.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const int32_t *chosen;
  int32_t rows, count;
} act_take_channels_args;
void act_take_channels(const void *args, int worker, int workers);

// out[row] = x[row / rows_per_x] times w[chosen[row]], as act_linear computes the row alone. w: [experts, n, k] of any type
// that act_linear takes, w_stride_bytes from one matrix to the next; chosen: [rows], each below `experts`;
// out: [rows, n], which does not overlap x. Rows of one expert are multiplied together, and matrices that no row chose are
// not read.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t rows_per_x;
  const void *w;
  ptrdiff_t w_stride_bytes;
  int32_t w_dtype;
  const int32_t *chosen;
  int32_t rows, experts, n, k;
  void *scratch;  // at a multiple of 64 bytes
  ptrdiff_t scratch_per_worker;
} act_expert_linear_args;

// Bytes of scratch of each worker at the level in force, a multiple of 64.
size_t act_expert_scratch(int32_t w_dtype, int32_t rows, int32_t experts, int32_t k);

// out[row] = sum_i weights[row, i] * x[row * count + i], in the order of i; x: [rows * count, columns], out: [rows, columns],
// which does not overlap x.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const float *weights;
  ptrdiff_t weights_row_stride;
  int32_t rows, count, columns;
} act_weighted_sum_args;

#endif
