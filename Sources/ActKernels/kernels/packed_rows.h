// Rows of x in the order in which the products with panels read them: in blocks of up to BLOCK_ROWS rows, and in a block
// by column, so that one step of a product reads neighbours. A block of r rows is
//   ROWS_F32    for every column: r floats
//   ROWS_BF16   for every two columns: r pairs of bf16, zero past the last column
//   ROWS_QUADS  for every 32 columns: 8 times r quads of int8, then r scales, then r corrections, all as the level's
//               dot product reads them. A correction is what the weights' zero point adds: for q8 -128 times the sum of the
//               row's integers, for q4 that sum times the scale, as f32.

typedef enum { ROWS_F32, ROWS_BF16, ROWS_QUADS } rows_layout;

static rows_layout layout_of_rows(int w_dtype) {
  if (w_dtype == ACT_Q8X16 || w_dtype == ACT_Q4X16) return ROWS_QUADS;
  return HAS_DOT_BF16 && w_dtype == ACT_BF16X16 ? ROWS_BF16 : ROWS_F32;
}

// Bytes of the columns 0 ..< k of one row; k is a multiple of 32, or all columns.
static size_t packed_row_bytes(rows_layout layout, size_t k) {
  switch (layout) {
    case ROWS_F32: return k * sizeof(float);
    case ROWS_BF16: return (k + 1) / 2 * 4;
    case ROWS_QUADS: return (k + QUANT_BLOCK - 1) / QUANT_BLOCK * (QUANT_BLOCK / 4 * sizeof(x_quad) + 8);
  }
  return 0;
}

INLINE int block_rows_most(rows_layout layout) { return layout == ROWS_QUADS ? QUAD_ROWS : FLOAT_ROWS; }
INLINE int64_t row_block_count(rows_layout layout, int64_t rows) {
  return (rows + block_rows_most(layout) - 1) / block_rows_most(layout);
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

// q = x rounded to int8; the scale. Blocks of magnitudes below 2^-100 count as zero; a NaN or an infinity in x makes the
// scale one.
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

// Columns k0 ..< k1 of a block of rows, k0 a multiple of 32, to the block's place in packed_x.
static void pack_quads(const act_linear_args *a, const float *x, int rows, int32_t k0, int32_t k1, char *out) {
  const size_t group = packed_row_bytes(ROWS_QUADS, QUANT_BLOCK) * (size_t)rows;
  for (int32_t k = k0; k < k1; k += QUANT_BLOCK) {
    char *block = out + (size_t)(k / QUANT_BLOCK) * group;
    x_quad *quads = (x_quad *)block;
    char *scales = (char *)(quads + QUANT_BLOCK / 4 * rows), *corrections = scales + 4 * rows;
    for (int m = 0; m < rows; m++) {
      const float *p = x + m * a->x_row_stride + k;
      float padded[QUANT_BLOCK];
      if (k1 - k < QUANT_BLOCK) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, p, (size_t)(k1 - k) * sizeof(float));
        p = padded;
      }
      int8_t q[QUANT_BLOCK];
      int32_t sum;
      float scale = quantise_rows_block(p, q, &sum);
      for (int i = 0; i < QUANT_BLOCK / 4; i++) quads[i * rows + m] = x_quad_from(q + 4 * i);
      memcpy(scales + 4 * m, &scale, 4);
      float scaled_sum = scale * (float)sum;
      int32_t start = -128 * sum;
      memcpy(corrections + 4 * m, a->w_dtype == ACT_Q8X16 ? (void *)&start : (void *)&scaled_sum, 4);
    }
  }
}

static void pack_floats(const act_linear_args *a, const float *x, int rows, int32_t k0, int32_t k1, float *out) {
  int m = 0;
  for (; m + 4 <= rows; m += 4) {
    const float *p = x + m * a->x_row_stride;
    int32_t k = k0;
    for (; k + 4 <= k1; k += 4) {
      v4 r[4];
      for (int i = 0; i < 4; i++) memcpy(&r[i], p + i * a->x_row_stride + k, sizeof(v4));
      v4 low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
      v4 high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7), high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
      v4 columns[4] = {
          __builtin_shufflevector(low01, low23, 0, 1, 4, 5), __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
          __builtin_shufflevector(high01, high23, 0, 1, 4, 5), __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
      for (int i = 0; i < 4; i++) memcpy(out + (ptrdiff_t)(k + i) * rows + m, &columns[i], sizeof(v4));
    }
    for (; k < k1; k++)
      for (int i = 0; i < 4; i++) out[(ptrdiff_t)k * rows + m + i] = p[i * a->x_row_stride + k];
  }
  for (; m < rows; m++)
    for (int32_t k = k0; k < k1; k++) out[(ptrdiff_t)k * rows + m] = x[m * a->x_row_stride + k];
}

static void pack_bf16(const act_linear_args *a, const float *x, int rows, int32_t k0, int32_t k1, uint32_t *out) {
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

static void pack_row_block(const act_linear_args *a, int64_t row, int rows, int32_t k0, int32_t k1, char *block) {
  const float *x = a->x + row * a->x_row_stride;
  switch (layout_of_rows(a->w_dtype)) {
    case ROWS_F32: return pack_floats(a, x, rows, k0, k1, (float *)block);
    case ROWS_BF16: return pack_bf16(a, x, rows, k0, k1, (uint32_t *)block);
    case ROWS_QUADS: return pack_quads(a, x, rows, k0, k1, block);
  }
}

// One row is packed by every worker for itself, where it does not take too much of the stack: cheaper than a barrier.
enum { OWN_ROW_BYTES = 64 * 1024 };

static size_t linear_scratch(int32_t w_dtype, int32_t rows, int32_t k) {
  if (!is_packed(w_dtype) || rows <= 0) return 0;
  rows_layout layout = layout_of_rows(w_dtype);
  size_t row_bytes = packed_row_bytes(layout, (size_t)k);
  if (rows == 1 && (layout == ROWS_F32 || row_bytes <= OWN_ROW_BYTES)) return 0;
  return ((size_t)rows * row_bytes + 63) / 64 * 64;
}

static void pack_rows(const void *args, int worker, int workers) {
  const act_linear_args *a = args;
  if (linear_scratch(a->w_dtype, a->rows, a->k) == 0) return;
  enum { RUN = 256 };
  rows_layout layout = layout_of_rows(a->w_dtype);
  const size_t row_bytes = packed_row_bytes(layout, (size_t)a->k);
  int64_t blocks = row_block_count(layout, a->rows), runs = (a->k + RUN - 1) / RUN;
  share items = share_of(blocks * runs, worker, workers);
  for (int64_t item = items.begin; item < items.end; item++) {
    share rows = share_of(a->rows, (int)(item / runs), (int)blocks);
    int32_t k0 = (int32_t)(item % runs) * RUN;
    pack_row_block(a, rows.begin, (int)(rows.end - rows.begin), k0, (int32_t)least(k0 + RUN, a->k),
                   (char *)a->packed_x + (size_t)rows.begin * row_bytes);
  }
}
