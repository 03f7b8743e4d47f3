// Rotary embedding, the cache of keys and values, and attention.
#ifndef ACT_KERNELS_ATTENTION_H
#define ACT_KERNELS_ATTENTION_H

#include "types.h"

// out[row] = [cos(position * f_0 ...) | sin(position * f_0 ...)] * scale; frequencies: [half], out: [rows, 2 * half].
// Angles are computed in double, so that long positions lose nothing.
typedef struct {
  float *out;
  const int32_t *positions;
  const double *frequencies;
  int32_t rows, half;
  float scale;
} act_rope_table_args;
void act_rope_table(const void *args, int worker, int workers);

// Rotates pairs (i, i + half) of every head ("rotate half", as in transformers), or pairs (2i, 2i + 1) where interleaved.
// table: [rows, 2 * half]; head_width is at least 2 * half, elements past 2 * half are copied. out may alias x exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const float *table;
  int32_t rows, heads, head_width, half, interleaved;
} act_rope_args;

// The cache of one entry (a sequence, or what else rows attend to) for one layer, f32 or bf16: its keys and its values, each a run of blocks of 64 positions.
// Where a cache is a ring of n blocks, block b of the positions lies at b mod n, in place of block b - n; ring 0: it lies at b.
// Within block b, kv head h begins at element (b * kv_heads + h) * 64 * padded, where padded is head_width rounded up to
// a multiple of 16, and lies so that the innermost index is the one that no sum of attention runs over:
//   keys    f32 [padded][64], bf16 [padded / 2][64][2]   channels, then positions, a pair of channels side by side
//   values  f32 [64][padded], bf16 [32][padded][2]       positions, then channels, a pair of positions side by side
// What lies past the last position or channel is read, but reaches no result. Bytes of the keys, and of the values:
size_t act_cache_bytes(int32_t dtype, int64_t capacity, int32_t kv_heads, int32_t head_width);

// Puts the keys and values of each row into the cache of the row's entry, at the row's position. The rows of an entry
// lie in as many neighbouring blocks as a ring has, at most.
// k, v: [rows, kv_heads * head_width]; keys[e], values[e]: the cache of entry e.
typedef struct {
  const float *k, *v;
  ptrdiff_t k_row_stride, v_row_stride;
  void *const *keys;
  void *const *values;
  const int32_t *entries, *positions;
  int32_t rows, kv_heads, head_width;
  int32_t cache_dtype, ring;
} act_cache_append_args;

// Grouped-head attention of each row over the cached positions begins[row] ..< ends[row] of its entry: causal, windowed
// and full attention are spans, of blocks that a ring still holds. An empty span gives zeros.
// out: [rows, heads * head_width]. soft_cap 0: none.
// bias: [heads, 2 * bias_radius + 1] or null: element bias_radius + r of a head is added to the score of the position
// positions[row] + r, where r counts as bias_radius at most, and as -bias_radius at least. Without a soft cap only.
// Sums are f32 whatever the cache's type. So are queries and weights, except that a level that multiplies bf16 rounds
// them to it where the cache is bf16.
// Rows of one entry are usually neighbours whose spans overlap; use that for speed, never for correctness.
// scratch: at least act_attention_scratch(head_width) floats per worker.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *q;
  ptrdiff_t q_row_stride;
  void *const *keys;
  void *const *values;
  const int32_t *entries, *begins, *ends;
  int32_t rows, heads, kv_heads, head_width;
  int32_t cache_dtype, ring;
  float scale, soft_cap;
  const float *bias;
  const int32_t *positions;
  int32_t bias_radius;
  float *scratch;
  ptrdiff_t scratch_per_worker;
} act_attention_args;
size_t act_attention_scratch(int32_t head_width);

#endif
