// Products of rows with a matrix.
#ifndef ACT_KERNELS_LINEAR_H
#define ACT_KERNELS_LINEAR_H

#include "elementwise.h"

// out[m, n] = epilogue(sum_k x[m, k] * w[n, k], inputs.at[1...]...); x: [rows, k] f32, w: [n, k] packed, or row-major and
// contiguous in f32, bf16 or f16, out: [rows, n] f32. Input 0 of the epilogue is the sum; inputs.at[0] is not read. Sums
// are f32. An epilogue with no instruction stores the sum. An epilogue operand may alias out exactly (residual in place).
//
// With w in q8 or q4, x is rounded to int8 for every row and 32 columns (scale: largest magnitude / 127) and the sums of
// 32 are exact: results are the same bit for bit at every level. With w in bf16, x is rounded to bf16 at the levels that
// multiply bf16 (avx512bf16, amx, amx-emulated).
//
// act_pack_rows, with the same arguments, makes packed_x of x, as act_linear reads it. Every worker ends it before any
// begins act_linear.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const void *w;
  int32_t w_dtype;
  int32_t rows, n, k;
  const int32_t *slots;
  int32_t rows_per_slot;
  act_expr epilogue;
  act_operands inputs;
  void *packed_x;  // act_linear_scratch bytes at a multiple of 64 bytes, for all workers together
} act_linear_args;

// Bytes of packed_x at the level in force. Where it is 0, x is read as it lies and act_pack_rows is not called.
size_t act_linear_scratch(int32_t w_dtype, int32_t rows, int32_t k);

#endif
