// Copies of rows and arrays that widen, narrow or scale.
#ifndef ACT_KERNELS_ROWS_H
#define ACT_KERNELS_ROWS_H

#include "types.h"

// out[i] = table[indices[i]], widened to f32. table: [table_rows, columns] of `dtype`: f32, bf16 or f16, or a packed
// type, where table_row_stride is not read.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const void *table;
  ptrdiff_t table_row_stride;
  int32_t dtype;
  const int32_t *indices;
  int32_t rows, columns;
} act_take_rows_args;

// out[i] = (out_dtype) in[i], round to nearest even, NaN stays NaN; f32, bf16 and f16 each way.
typedef struct {
  void *out;
  const void *in;
  int32_t out_dtype, in_dtype;
  int64_t count;
} act_cast_args;

// Of scale_rows and scale_columns: out[n, k] = w[n, k] * s[n] or * s[k]; w of w_dtype, s and out f32.
typedef struct {
  float *out;
  const void *w;
  int32_t w_dtype;
  const float *s;
  int32_t n, k;
} act_scale_args;

#endif
