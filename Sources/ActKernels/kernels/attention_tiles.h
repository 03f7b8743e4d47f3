// The inner loops of attention: a few queries against a block of keys, and against a block of values.
//
// With a cache of bf16 and a level that multiplies bf16 (HAS_DOT_BF16), queries and weights are rounded to
// bf16 and lie in pairs as keys and values do: PAIRED. Else they are f32, and cached elements are widened.

enum { QUERY_TILE = ACCUMULATORS / 4, TILE_VECTORS = 4 };

#if HAS_DOT_BF16
#define PAIRED(dtype) ((dtype) == ACT_BF16)
#else
#define PAIRED(dtype) 0
INLINE vf v_dot_bf16(vf sum, vu a, vu b) {
  (void)a, (void)b;
  return sum;
}
#endif

// Positions of a block, end excluded.
typedef struct {
  int32_t begin, end;
} span;

INLINE vu v_words(const uint32_t *words) {
  vu bits;
  memcpy(&bits, words, sizeof bits);
  return bits;
}

// A vector of elements of a cache, from 32-bit words that hold one f32 or two bf16.
INLINE vf v_cached(const int dtype, const uint32_t *words, const int half) {
  vu bits = v_words(words);
  return (vf)(dtype == ACT_F32 ? bits : half ? bits & 0xffff0000u : bits << 16);
}

// scores[q, j] = sum over i < width of q[q, i] * keys[i, j] for vectors * WIDTH positions j, in the order
// of i.
INLINE void score_tile(const int dtype, const int queries, const int vectors, const float *q,
                       ptrdiff_t q_stride, const uint32_t *keys, int32_t width, float *scores) {
  const int halves = dtype == ACT_F32 ? 1 : 2;
  vf sum[QUERY_TILE][TILE_VECTORS];
  for (int m = 0; m < queries; m++)
    for (int v = 0; v < vectors; v++) sum[m][v] = (vf){};
  for (int32_t i = 0; PAIRED(dtype) && i < width; i += 2, keys += ATTENTION_BLOCK) {
    vu key[TILE_VECTORS];
    for (int v = 0; v < vectors; v++) key[v] = v_words(keys + v * WIDTH);
    for (int m = 0; m < queries; m++) {
      vu x = (vu)v_splat(q[m * q_stride + i / 2]);
      for (int v = 0; v < vectors; v++) sum[m][v] = v_dot_bf16(sum[m][v], x, key[v]);
    }
  }
  for (int32_t i = 0; !PAIRED(dtype) && i < width; i += halves, keys += ATTENTION_BLOCK)
    for (int half = 0; half < halves; half++) {
      vf key[TILE_VECTORS];
      for (int v = 0; v < vectors; v++) key[v] = v_cached(dtype, keys + v * WIDTH, half);
      for (int m = 0; m < queries; m++) {
        vf x = v_splat(q[m * q_stride + i + half]);
        for (int v = 0; v < vectors; v++) sum[m][v] = v_fma(x, key[v], sum[m][v]);
      }
    }
  for (int m = 0; m < queries; m++)
    for (int v = 0; v < vectors; v++) v_store(scores + m * ATTENTION_BLOCK + v * WIDTH, sum[m][v]);
}

INLINE void weigh_position(const int dtype, const int queries, const int vectors, const int half,
                           const float *weights, const uint32_t *value, vf (*sum)[TILE_VECTORS]) {
  vf element[TILE_VECTORS];
  for (int v = 0; v < vectors; v++) element[v] = v_cached(dtype, value + v * WIDTH, half);
  for (int m = 0; m < queries; m++) {
    vf weight = v_splat(weights[m * ATTENTION_BLOCK]);
    for (int v = 0; v < vectors; v++) sum[m][v] = v_fma(weight, element[v], sum[m][v]);
  }
}

// Two positions at once; `seen` masks the values of one that is not seen, which may be anything.
INLINE void weigh_pair(const int queries, const int vectors, uint32_t seen, const float *weights,
                       const uint32_t *value, vf (*sum)[TILE_VECTORS]) {
  vu element[TILE_VECTORS];
  for (int v = 0; v < vectors; v++) element[v] = v_words(value + v * WIDTH) & seen;
  for (int m = 0; m < queries; m++) {
    vu weight = (vu)v_splat(weights[m * ATTENTION_BLOCK]);
    for (int v = 0; v < vectors; v++) sum[m][v] = v_dot_bf16(sum[m][v], weight, element[v]);
  }
}

// sums[q, i] += sum over the positions j of `seen` of weights[q, j] * values[j, i] for vectors * WIDTH
// channels i, in the order of j.
INLINE void weigh_tile(const int dtype, const int queries, const int vectors, const float *weights,
                       const uint32_t *values, ptrdiff_t padded, span seen, float *sums) {
  vf sum[QUERY_TILE][TILE_VECTORS];
  for (int m = 0; m < queries; m++)
    for (int v = 0; v < vectors; v++) sum[m][v] = v_load(sums + m * padded + v * WIDTH);
  int j = seen.begin;
  if (PAIRED(dtype)) {
    const uint32_t first = 0xffffu, second = 0xffff0000u;
    if (j % 2 != 0 && j < seen.end) {
      weigh_pair(queries, vectors, second, weights + j / 2, values + j / 2 * padded, sum);
      j++;
    }
    for (; j < seen.end - 1; j += 2)
      weigh_pair(queries, vectors, first | second, weights + j / 2, values + j / 2 * padded, sum);
    if (j < seen.end) weigh_pair(queries, vectors, first, weights + j / 2, values + j / 2 * padded, sum);
  } else if (dtype == ACT_F32) {
    for (; j < seen.end; j++)
      weigh_position(dtype, queries, vectors, 0, weights + j, values + j * padded, sum);
  } else {
    if (j % 2 != 0 && j < seen.end) {
      weigh_position(dtype, queries, vectors, 1, weights + j, values + j / 2 * padded, sum);
      j++;
    }
    for (; j < seen.end - 1; j += 2) {
      weigh_position(dtype, queries, vectors, 0, weights + j, values + j / 2 * padded, sum);
      weigh_position(dtype, queries, vectors, 1, weights + j + 1, values + j / 2 * padded, sum);
    }
    if (j < seen.end) weigh_position(dtype, queries, vectors, 0, weights + j, values + j / 2 * padded, sum);
  }
  for (int m = 0; m < queries; m++)
    for (int v = 0; v < vectors; v++) v_store(sums + m * padded + v * WIDTH, sum[m][v]);
}

// The tiles of one dtype and number of queries, over as many vectors as there are.
typedef struct {
  void (*score)(const float *q, ptrdiff_t q_stride, const uint32_t *keys, int32_t width, span seen,
                float *scores);
  void (*weigh)(const float *weights, const uint32_t *values, ptrdiff_t padded, span seen, float *sums);
} attention_tiles;

#define ATTENTION_TILES(dtype, queries)                                                                 \
  static void score_##dtype##_##queries(const float *q, ptrdiff_t q_stride, const uint32_t *keys,       \
                                        int32_t width, span seen, float *scores) {                      \
    int j = seen.begin / WIDTH * WIDTH;                                                                 \
    for (; j <= seen.end - TILE_VECTORS * WIDTH; j += TILE_VECTORS * WIDTH)                             \
      score_tile(ACT_##dtype, queries, TILE_VECTORS, q, q_stride, keys + j, width, scores + j);         \
    for (; j < seen.end; j += WIDTH)                                                                    \
      score_tile(ACT_##dtype, queries, 1, q, q_stride, keys + j, width, scores + j);                    \
  }                                                                                                     \
  static void weigh_##dtype##_##queries(const float *weights, const uint32_t *values, ptrdiff_t padded, \
                                        span seen, float *sums) {                                       \
    ptrdiff_t i = 0;                                                                                    \
    for (; i <= padded - TILE_VECTORS * WIDTH; i += TILE_VECTORS * WIDTH)                               \
      weigh_tile(ACT_##dtype, queries, TILE_VECTORS, weights, values + i, padded, seen, sums + i);      \
    /* What is left at once: a vector alone would wait for its own sums. */                             \
    switch ((padded - i) / WIDTH) {                                                                     \
      case 3: weigh_tile(ACT_##dtype, queries, 3, weights, values + i, padded, seen, sums + i); break;  \
      case 2: weigh_tile(ACT_##dtype, queries, 2, weights, values + i, padded, seen, sums + i); break;  \
      case 1: weigh_tile(ACT_##dtype, queries, 1, weights, values + i, padded, seen, sums + i); break;  \
    }                                                                                                   \
  }
#define ATTENTION_TILE_NAMES(dtype, queries) {score_##dtype##_##queries, weigh_##dtype##_##queries}

ATTENTION_TILES(F32, 1)
ATTENTION_TILES(F32, 2)
ATTENTION_TILES(F32, 3)
ATTENTION_TILES(BF16, 1)
ATTENTION_TILES(BF16, 2)
ATTENTION_TILES(BF16, 3)
#if ACCUMULATORS == 24
ATTENTION_TILES(F32, 4)
ATTENTION_TILES(F32, 5)
ATTENTION_TILES(F32, 6)
ATTENTION_TILES(BF16, 4)
ATTENTION_TILES(BF16, 5)
ATTENTION_TILES(BF16, 6)
#define ALL_ATTENTION_TILES(dtype)                                                                 \
  {ATTENTION_TILE_NAMES(dtype, 1), ATTENTION_TILE_NAMES(dtype, 2), ATTENTION_TILE_NAMES(dtype, 3), \
   ATTENTION_TILE_NAMES(dtype, 4), ATTENTION_TILE_NAMES(dtype, 5), ATTENTION_TILE_NAMES(dtype, 6)}
#else
#define ALL_ATTENTION_TILES(dtype) \
  {ATTENTION_TILE_NAMES(dtype, 1), ATTENTION_TILE_NAMES(dtype, 2), ATTENTION_TILE_NAMES(dtype, 3)}
#endif

// By dtype of the cache, then queries less 1.
static const attention_tiles attention_tiles_of[][QUERY_TILE] = {ALL_ATTENTION_TILES(F32),
                                                                 ALL_ATTENTION_TILES(BF16)};
