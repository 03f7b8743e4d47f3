// Rows of x in the form in which the products with panels read them. A row is
//   ROWS_F32    floats: x itself, where its rows do not lie so that they evict each other from the cache
//   ROWS_BF16   bf16, of an even number of columns: zero past the last
//   ROWS_QUADS  for every 32 columns, zero past the last: 8 quads of int8 as the level's dot product reads them, their
//               scale, and a correction, what the zero point of the weights adds: for q8 that is -128 times the sum of
//               the integers, for q4 (as f32) that sum times the scale
//   ROWS_TILES  a part of a block, as tiles.h reads it
typedef enum { ROWS_F32, ROWS_BF16, ROWS_QUADS, ROWS_TILES } rows_layout;

enum {
  QUAD_SCALE_AT = QUANT_BLOCK / 4 * sizeof(x_quad),
  QUAD_CORRECTION_AT = QUAD_SCALE_AT + 4,
  QUAD_BLOCK_BYTES = QUAD_SCALE_AT + 8,
};

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
    case ROWS_QUADS: return blocks * QUAD_BLOCK_BYTES;
    case ROWS_TILES: return blocks * (w_dtype == ACT_BF16X16 ? 2 * QUANT_BLOCK : QUANT_BLOCK + 8);
  }
  return 0;
}

// Whether neighbours so many bytes apart fall into the same few sets of the cache nearest to a core.
INLINE int evict_each_other(size_t stride) { return stride % 2048 == 0; }
INLINE size_t apart(size_t bytes) {
  bytes = (bytes + 63) / 64 * 64;
  return evict_each_other(bytes) ? bytes + 64 : bytes;
}

// How the rows of one call are cut into blocks, as even as they can be, and where they lie: rows of a line are
// `row_stride` bytes apart, and no block crosses lines. The rows of a linear layer are one line.
typedef struct {
  rows_layout layout;
  int w_dtype;
  int64_t lines, line_rows, line_blocks;
  size_t row_stride, line_stride;
  // Of a row, how many columns lie together, how far apart such pieces begin, and how many there are before the next
  // line of them: a window's pixels, where the rows are windows. 0 columns: all.
  int32_t piece, pieces;
  size_t piece_stride, piece_line_stride;
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
INLINE int64_t blocks_of_rows(rows_layout layout, int64_t rows) {
  const int most = block_rows_most(layout);
  return (rows + most - 1) / most;
}
static row_blocks row_blocks_of(int w_dtype, int rows, int k) {
  rows_layout layout = layout_of_rows(w_dtype, rows);
  size_t bytes = packed_row_bytes(layout, w_dtype, (size_t)k);
  return (row_blocks){.layout = layout,
                      .w_dtype = w_dtype,
                      .lines = 1,
                      .line_rows = rows,
                      .line_blocks = blocks_of_rows(layout, rows),
                      .row_stride = layout == ROWS_TILES ? bytes : apart(bytes)};
}
INLINE int64_t block_count(const row_blocks *blocks) { return blocks->lines * blocks->line_blocks; }
INLINE share rows_of_block(const row_blocks *blocks, int64_t block) {
  const int64_t line = block / blocks->line_blocks;
  share rows = share_of(blocks->line_rows, (int)(block % blocks->line_blocks), (int)blocks->line_blocks);
  return (share){line * blocks->line_rows + rows.begin, line * blocks->line_rows + rows.end};
}

// Rows that a block of so many takes in memory.
INLINE int64_t rows_in_memory(rows_layout layout, int64_t rows) {
#if HAS_TILES
  if (layout == ROWS_TILES) return tile_padded((int)rows);
#endif
  (void)layout;
  return rows;
}

// Where column k of a row lies, of any layout but ROWS_TILES; k is a multiple of 32, or begins a piece. Then how many
// columns from there on lie together.
INLINE size_t column_at(const row_blocks *blocks, int32_t k) {
  size_t at = 0;
  if (blocks->piece) {
    const int32_t piece = k / blocks->piece;
    at = (size_t)(piece / blocks->pieces) * blocks->piece_line_stride +
         (size_t)(piece % blocks->pieces) * blocks->piece_stride;
    k -= piece * blocks->piece;
  }
  return at + packed_row_bytes(blocks->layout, blocks->w_dtype, (size_t)k);
}
INLINE int32_t columns_together(const row_blocks *blocks, int32_t k) {
  return blocks->piece ? blocks->piece - k % blocks->piece : INT32_MAX;
}

// Where a block begins.
INLINE size_t block_at(const row_blocks *blocks, int64_t block) {
#if HAS_TILES
  if (blocks->layout == ROWS_TILES) return (size_t)block * TILE_BLOCK_ROWS * blocks->row_stride;
#endif
  const int64_t line = block / blocks->line_blocks, row = rows_of_block(blocks, block).begin;
  return (size_t)line * blocks->line_stride + (size_t)(row - line * blocks->line_rows) * blocks->row_stride;
}
INLINE size_t packed_rows_bytes(const row_blocks *blocks) {
  const int64_t last = block_count(blocks) - 1;
  const share rows = rows_of_block(blocks, last);
  return block_at(blocks, last) +
         (size_t)rows_in_memory(blocks->layout, rows.end - rows.begin) * blocks->row_stride;
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
  const int32_t bits = v_greatest_integer(largest);
  float range;
  memcpy(&range, &bits, sizeof range);
  vf inverse = v_splat(range > 0x1p-100f ? 127.0f / range : 0.0f);
  vi total = v_splat_int(0);
  for (int i = 0; i < QUANT_BLOCK; i += WIDTH) {
    vi integers = (vi)((vu)(v_load(x + i) * inverse + 0x1.8p23f) - (vu)v_splat(0x1.8p23f));
    v8 bytes = __builtin_convertvector(integers, v8);
    memcpy(q + i, &bytes, sizeof bytes);
    total += __builtin_convertvector(bytes, vi);
  }
  *sum = v_sum_lanes(total);
  return range / 127.0f;
}

// Up to 32 columns of one row as 32 int8, their scale, and the correction for the type of w.
static void quantise_row(int w_dtype, const float *x, int columns, int8_t *q, char *scale_at,
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
  memcpy(correction_at, w_dtype == ACT_Q8X16 ? (void *)&start : (void *)&scaled_sum, 4);
}

static void pack_quads(int w_dtype, const float *x, int32_t columns, char *out) {
  for (int32_t k = 0; k < columns; k += QUANT_BLOCK, out += QUAD_BLOCK_BYTES) {
    int8_t q[QUANT_BLOCK];
    quantise_row(w_dtype, x + k, (int)least(QUANT_BLOCK, columns - k), q, out + QUAD_SCALE_AT,
                 out + QUAD_CORRECTION_AT);
    for (int i = 0; i < QUANT_BLOCK / 4; i++) ((x_quad *)out)[i] = x_quad_from(q + 4 * i);
  }
}

static void pack_bf16(const float *x, int32_t columns, uint16_t *out) {
  int32_t k = 0;
  for (; k + WIDTH <= columns; k += WIDTH) v_store_u16(out + k, v_to_bf16_normal(v_load(x + k)));
  if (k == columns) return;
  uint16_t last[WIDTH];
  v_store_u16(last, v_to_bf16_normal(v_load_first(x + k, columns - k)));
  memcpy(out + k, last, (size_t)((columns - k + 1) / 2 * 4));
}

// Some columns of one row, which begin at a multiple of 32.
static void pack_row(rows_layout layout, int w_dtype, const float *x, int32_t columns, char *out) {
  switch (layout) {
    case ROWS_F32: memcpy(out, x, (size_t)columns * sizeof(float)); return;
    case ROWS_BF16: return pack_bf16(x, columns, (uint16_t *)out);
    case ROWS_QUADS: return pack_quads(w_dtype, x, columns, out);
    case ROWS_TILES: return;
  }
}
