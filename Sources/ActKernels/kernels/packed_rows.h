// Rows of x in the order in which the products with panels read them: in blocks of rows, and in a block by
// column, so that one step of a product reads neighbours. A block of r rows is
//   ROWS_F32    for every column: r floats
//   ROWS_BF16   for every two columns: r pairs of bf16, zero past the last column
//   ROWS_QUADS  for every 32 columns: 8 times r quads of int8 as the level's dot product reads them, then r
//               scales, then r corrections: what the zero point of the weights adds. For q8 that is -128
//               times the sum of the row's integers, for q4 (as f32) that sum times the scale
//   ROWS_TILES  as tiles.h reads them
typedef enum { ROWS_F32, ROWS_BF16, ROWS_QUADS, ROWS_TILES } rows_layout;

static rows_layout layout_of_rows(int w_dtype, int rows) {
  (void)rows;
  const int bytes = w_dtype == ACT_Q8X16 || w_dtype == ACT_Q4X16;
#if HAS_TILES
  if (bytes ? rows >= TILE_LEAST_ROWS : w_dtype == ACT_BF16X16) return ROWS_TILES;
#endif
  if (bytes) return ROWS_QUADS;
  return HAS_DOT_BF16 && w_dtype == ACT_BF16X16 ? ROWS_BF16 : ROWS_F32;
}

// Bytes of the columns 0 ..< k of one row; k is a multiple of 32, or all columns.
static size_t packed_row_bytes(rows_layout layout, int w_dtype, size_t k) {
  const size_t blocks = (k + QUANT_BLOCK - 1) / QUANT_BLOCK;
  switch (layout) {
    case ROWS_F32: return k * sizeof(float);
    case ROWS_BF16: return (k + 1) / 2 * 4;
    case ROWS_QUADS: return blocks * (QUANT_BLOCK / 4 * sizeof(x_quad) + 8);
    case ROWS_TILES: return blocks * (w_dtype == ACT_BF16X16 ? 2 * QUANT_BLOCK : QUANT_BLOCK + 8);
  }
  return 0;
}

// How the rows of one call are cut into blocks, as even as they can be.
typedef struct {
  rows_layout layout;
  int64_t rows, count;
  size_t row_bytes;
} row_blocks;

INLINE int block_rows_most(rows_layout layout) {
  switch (layout) {
    case ROWS_QUADS: return QUAD_ROWS;
#if HAS_TILES
    case ROWS_TILES: return TILE_BLOCK_ROWS;
#endif
    default: return FLOAT_ROWS;
  }
}
static row_blocks row_blocks_of(int w_dtype, int rows, int k) {
  rows_layout layout = layout_of_rows(w_dtype, rows);
  const int most = block_rows_most(layout);
  return (row_blocks){layout, rows, (rows + most - 1) / most, packed_row_bytes(layout, w_dtype, (size_t)k)};
}
INLINE share rows_of_block(const row_blocks *blocks, int64_t block) {
  return share_of(blocks->rows, (int)block, (int)blocks->count);
}

// Rows that a block of so many takes in packed_x, and where the block lies.
INLINE int64_t rows_in_memory(rows_layout layout, int64_t rows) {
#if HAS_TILES
  if (layout == ROWS_TILES) return tile_padded((int)rows);
#endif
  (void)layout;
  return rows;
}
INLINE size_t block_at(const row_blocks *blocks, int64_t block) {
#if HAS_TILES
  if (blocks->layout == ROWS_TILES) return (size_t)block * TILE_BLOCK_ROWS * blocks->row_bytes;
#endif
  return (size_t)rows_of_block(blocks, block).begin * blocks->row_bytes;
}
INLINE size_t packed_rows_bytes(const row_blocks *blocks) {
  const int64_t last = blocks->count - 1;
  share rows = rows_of_block(blocks, last);
  return block_at(blocks, last) +
         (size_t)rows_in_memory(blocks->layout, rows.end - rows.begin) * blocks->row_bytes;
}

INLINE float v_largest_lane(vi magnitudes) {
  typedef int32_t v4i __attribute__((vector_size(16)));
  v4i parts[WIDTH / 4], largest;
  memcpy(parts, &magnitudes, sizeof parts);
  largest = parts[0];
  for (int i = 1; i < WIDTH / 4; i++) {
    v4i larger = parts[i] > largest;
    largest = (larger & parts[i]) | (~larger & largest);
  }
  int32_t a = largest[0] > largest[1] ? largest[0] : largest[1];
  int32_t b = largest[2] > largest[3] ? largest[2] : largest[3];
  int32_t both = a > b ? a : b;
  float result;
  memcpy(&result, &both, sizeof result);
  return result;
}

// q = x rounded to int8; the scale. Blocks of magnitudes below 2^-100 count as zero; a NaN or an infinity in
// x makes the scale one.
INLINE float quantise_rows_block(const float *x, int8_t *q, int32_t *sum) {
  typedef int8_t v8 __attribute__((vector_size(WIDTH)));
  vi largest = v_splat_int(0);
  for (int i = 0; i < QUANT_BLOCK; i += WIDTH) {
    vi magnitude = (vi)v_load(x + i) & 0x7fffffff;
    vi larger = magnitude > largest;
    largest = (larger & magnitude) | (~larger & largest);
  }
  float range = v_largest_lane(largest);
  vf inverse = v_splat(range > 0x1p-100f ? 127.0f / range : 0.0f);
  vi total = v_splat_int(0);
  for (int i = 0; i < QUANT_BLOCK; i += WIDTH) {
    vi integers = (vi)((vu)(v_load(x + i) * inverse + 0x1.8p23f) - (vu)v_splat(0x1.8p23f));
    v8 bytes = __builtin_convertvector(integers, v8);
    memcpy(q + i, &bytes, sizeof bytes);
    total += __builtin_convertvector(bytes, vi);
  }
  int32_t s = 0;
  for (int i = 0; i < WIDTH; i++) s += total[i];
  *sum = s;
  return range / 127.0f;
}

// Up to 32 columns of one row as 32 int8, their scale, and the correction for the type of w.
static void quantise_row(const act_linear_args *a, const float *x, int columns, int8_t *q, char *scale_at,
                         char *correction_at) {
  float padded[QUANT_BLOCK];
  if (columns < QUANT_BLOCK) {
    memset(padded, 0, sizeof padded);
    memcpy(padded, x, (size_t)columns * sizeof(float));
    x = padded;
  }
  int32_t sum;
  float scale = quantise_rows_block(x, q, &sum);
  memcpy(scale_at, &scale, sizeof scale);
  float scaled_sum = scale * (float)sum;
  int32_t start = -128 * sum;
  memcpy(correction_at, a->w_dtype == ACT_Q8X16 ? (void *)&start : (void *)&scaled_sum, 4);
}

// Columns k0 ..< k1 of a block of rows, k0 a multiple of 32, to the block's place in packed_x.
static void pack_quads(const act_linear_args *a, const float *x, int rows, int32_t k0, int32_t k1,
                       char *out) {
  const size_t bytes = packed_row_bytes(ROWS_QUADS, a->w_dtype, QUANT_BLOCK) * (size_t)rows;
  for (int32_t k = k0; k < k1; k += QUANT_BLOCK) {
    x_quad *quads = (x_quad *)(out + (size_t)(k / QUANT_BLOCK) * bytes);
    char *scales = (char *)(quads + QUANT_BLOCK / 4 * rows), *corrections = scales + 4 * rows;
    for (int m = 0; m < rows; m++) {
      int8_t q[QUANT_BLOCK];
      quantise_row(a, x + m * a->x_row_stride + k, (int)least(QUANT_BLOCK, k1 - k), q, scales + 4 * m,
                   corrections + 4 * m);
      for (int i = 0; i < QUANT_BLOCK / 4; i++) quads[i * rows + m] = x_quad_from(q + 4 * i);
    }
  }
}

static void pack_floats(const act_linear_args *a, const float *x, int rows, int32_t k0, int32_t k1,
                        float *out) {
  int m = 0;
  for (; m + 4 <= rows; m += 4) {
    const float *p = x + m * a->x_row_stride;
    int32_t k = k0;
    for (; k + 4 <= k1; k += 4) {
      v4 r[4];
      for (int i = 0; i < 4; i++) memcpy(&r[i], p + i * a->x_row_stride + k, sizeof(v4));
      v4 low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5),
         low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
      v4 high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7),
         high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
      v4 columns[4] = {__builtin_shufflevector(low01, low23, 0, 1, 4, 5),
                       __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
                       __builtin_shufflevector(high01, high23, 0, 1, 4, 5),
                       __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
      for (int i = 0; i < 4; i++) memcpy(out + (ptrdiff_t)(k + i) * rows + m, &columns[i], sizeof(v4));
    }
    for (; k < k1; k++)
      for (int i = 0; i < 4; i++) out[(ptrdiff_t)k * rows + m + i] = p[i * a->x_row_stride + k];
  }
  for (; m < rows; m++)
    for (int32_t k = k0; k < k1; k++) out[(ptrdiff_t)k * rows + m] = x[m * a->x_row_stride + k];
}

static void pack_bf16(const act_linear_args *a, const float *x, int rows, int32_t k0, int32_t k1,
                      uint32_t *out) {
  for (int m = 0; m < rows; m++) {
    const float *p = x + m * a->x_row_stride;
    for (int32_t k = k0; k < k1; k += WIDTH) {
      int count = (int)least(WIDTH, k1 - k);
      uint16_t halves[WIDTH];
      v_store_u16(halves, v_to_bf16(count == WIDTH ? v_load(p + k) : v_load_first(p + k, count)));
      for (int i = 0; i < count; i += 2)
        out[(ptrdiff_t)((k + i) / 2) * rows + m] = halves[i] | (uint32_t)halves[i + 1] << 16;
    }
  }
}
