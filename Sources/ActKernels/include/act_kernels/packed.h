// Packed matrices.
#ifndef ACT_KERNELS_PACKED_H
#define ACT_KERNELS_PACKED_H

#include "types.h"

// A matrix w: [n, k] in panels of 16 rows, one panel after the other. Rows past n are zero; columns past k are zero, in
// q4 any number. The bytes are the same on every CPU, little-endian, and start at a multiple of 64 bytes. A panel is
//   ACT_F32X16   for every column: 16 f32
//   ACT_BF16X16  columns in pairs, padded to 32 columns: for every pair [16 rows][2 columns] bf16
//   ACT_Q8X16    for every 64 columns: scales [2 blocks of 32 columns][16 rows] bf16, then for every 4 columns
//                [16 rows][4 columns] u8; w = scale * (u8 - 128). 8.5 bits an element
//   ACT_Q4X16    for every 64 columns: scales as above, offsets [2][16] bf16, then 8 vectors [16 rows][4 columns] u8,
//                whose low halves are 4 columns of the first block and whose high halves those of the second;
//                w = scale * u4 + offset. 5 bits an element
// Bytes of such a matrix; 0 where dtype is none of these, a size is negative, or the bytes do not fit ptrdiff_t.
size_t act_packed_bytes(int32_t dtype, int64_t n, int64_t k);

// out = w in the packed type out_dtype; w: [n, k] f32, bf16 or f16, row-major and contiguous. bf16 rounds to nearest
// even. q8 takes its scale from the largest magnitude of a block, q4 the scale and offset of least squared error among
// several refined by least squares. The same bytes at every level and for any number of workers.
typedef struct {
  void *out;
  int32_t out_dtype;
  const void *w;
  int32_t w_dtype;
  int32_t n, k;
} act_pack_args;

#endif
