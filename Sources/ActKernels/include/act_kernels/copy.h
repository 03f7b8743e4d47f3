// Copies of blocks of elements.
#ifndef ACT_KERNELS_COPY_H
#define ACT_KERNELS_COPY_H

#include "types.h"

// out[block * out_stride + i] = in[block * in_stride + i] for i < length: elements of four bytes. Joins or cuts channels
// (a block is a row), or the rows of entries (a block is an entry). out and in do not overlap. The same at every level.
typedef struct {
  void *out;
  ptrdiff_t out_stride;
  const void *in;
  ptrdiff_t in_stride;
  int32_t blocks;
  int64_t length;
} act_copy_args;
void act_copy(const void *args, int worker, int workers);

// The same of rows in any order: row out_rows[i] of out takes row in_rows[i] of in, where a null list is 0, 1, 2, …
typedef struct {
  void *out;
  ptrdiff_t out_stride;
  const int32_t *out_rows;
  const void *in;
  ptrdiff_t in_stride;
  const int32_t *in_rows;
  int32_t rows, length;
} act_copy_rows_args;
void act_copy_rows(const void *args, int worker, int workers);

#endif
