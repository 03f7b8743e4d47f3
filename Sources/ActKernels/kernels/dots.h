// Products with a row-major matrix as dot products: w is read as it lies in the file.
//
// Every sum has one vector accumulator, filled in the order of k and reduced by v_sum4, in every tile shape;
// so a row's result does not depend on the rows around it.

enum {
  TILE_ROWS = ACCUMULATORS / 4,
  L1_BYTES = 32 * 1024,
};

// The rows of w that a tile of this many rows of x takes at once.
#define TILE_COLUMNS(rows) ((rows) * 8 <= ACCUMULATORS ? 8 : 4)

INLINE size_t width_in_bytes(int dtype) { return dtype == ACT_F32 ? 4 : 2; }

INLINE vf load_as_f32(int dtype, const char *p) {
  if (dtype == ACT_F32) return v_load((const float *)p);
  vh half = v_load_u16((const uint16_t *)p);
  return dtype == ACT_BF16 ? v_from_bf16(half) : v_from_f16(half);
}
INLINE vf load_first_as_f32(int dtype, const char *p, int n) {
  if (dtype == ACT_F32) return v_load_first((const float *)p, n);
  vh half = v_load_u16_first((const uint16_t *)p, n);
  return dtype == ACT_BF16 ? v_from_bf16(half) : v_from_f16(half);
}

// sums[m, n] = sum_k x[m, k] * w[n, k] for `rows` rows of x and the first `valid` of `columns` rows of w.
// x_stride and sums_stride count floats, w_stride bytes.
INLINE void dot_tile(const int rows, const int columns, const int dtype, const float *x, ptrdiff_t x_stride,
                     const void *w, ptrdiff_t w_stride, int valid, int32_t k, float *sums,
                     ptrdiff_t sums_stride) {
  const char *w_row[8];
  // Rows past the end repeat the last one; their sums are not stored.
  for (int n = 0; n < columns; n++) w_row[n] = (const char *)w + (n < valid ? n : valid - 1) * w_stride;
  vf sum[TILE_ROWS][8];
  for (int m = 0; m < rows; m++)
    for (int n = 0; n < columns; n++) sum[m][n] = (vf){};
  int32_t i = 0;
  const size_t bytes = width_in_bytes(dtype);
  // Prefetches the rows of the next tile in the order of their addresses, as many bytes at a step as it reads:
  // rows side by side are too many short streams for the hardware. Into L1 if that holds both tiles and x,
  // else into L2.
  const char *next = (const char *)w + w_stride * columns;
  const int lines = columns * WIDTH * (int)bytes / 64;
  const int near = 2 * columns * w_stride + rows * (ptrdiff_t)k * 4 <= L1_BYTES;
  for (; i <= k - WIDTH; i += WIDTH) {
    vf xs[TILE_ROWS];
    for (int m = 0; m < rows; m++) xs[m] = v_load(x + m * x_stride + i);
    for (int line = 0; line < lines; line++) {
      if (near)
        __builtin_prefetch(next + line * 64, 0, 3);
      else
        __builtin_prefetch(next + line * 64, 0, 2);
    }
    next += lines * 64;
    for (int n = 0; n < columns; n++) {
      const char *p = w_row[n] + (size_t)i * bytes;
      vf ws = load_as_f32(dtype, p);
      for (int m = 0; m < rows; m++) sum[m][n] = v_fma(xs[m], ws, sum[m][n]);
    }
  }
  if (i < k) {
    for (int n = 0; n < columns; n++) {
      vf ws = load_first_as_f32(dtype, w_row[n] + (size_t)i * bytes, k - i);
      for (int m = 0; m < rows; m++)
        sum[m][n] = v_fma(v_load_first(x + m * x_stride + i, k - i), ws, sum[m][n]);
    }
  }
  for (int m = 0; m < rows; m++)
    for (int n = 0; n < columns; n += 4) {
      v4 four = v_sum4(sum[m][n], sum[m][n + 1], sum[m][n + 2], sum[m][n + 3]);
      float *out = sums + m * sums_stride + n;
      if (valid >= n + 4)
        memcpy(out, &four, sizeof four);
      else if (valid > n)
        memcpy(out, &four, (size_t)(valid - n) * sizeof(float));
    }
}

typedef void (*dot_function)(const float *x, ptrdiff_t x_stride, const void *w, ptrdiff_t w_stride, int valid,
                             int32_t k, float *sums, ptrdiff_t sums_stride);

#define DOT(name, dtype, rows)                                                                        \
  static void name##_##rows(const float *x, ptrdiff_t x_stride, const void *w, ptrdiff_t w_stride,    \
                            int valid, int32_t k, float *sums, ptrdiff_t sums_stride) {               \
    dot_tile(rows, TILE_COLUMNS(rows), dtype, x, x_stride, w, w_stride, valid, k, sums, sums_stride); \
  }
#if ACCUMULATORS == 24
#define DOTS(name, dtype) \
  DOT(name, dtype, 1)     \
  DOT(name, dtype, 2) DOT(name, dtype, 3) DOT(name, dtype, 4) DOT(name, dtype, 5) DOT(name, dtype, 6)
#define DOT_NAMES(name) {NULL, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6}
#else
#define DOTS(name, dtype) DOT(name, dtype, 1) DOT(name, dtype, 2) DOT(name, dtype, 3)
#define DOT_NAMES(name) {NULL, name##_1, name##_2, name##_3}
#endif

DOTS(dot_f32, ACT_F32)
DOTS(dot_bf16, ACT_BF16)
DOTS(dot_f16, ACT_F16)
// By dtype of w, then rows of the tile.
static const dot_function dots[][TILE_ROWS + 1] = {DOT_NAMES(dot_f32), DOT_NAMES(dot_bf16),
                                                   DOT_NAMES(dot_f16)};

// sums[m, n] for any number of rows and columns.
static void dot_block(int dtype, const float *x, ptrdiff_t x_stride, int rows, const void *w,
                      ptrdiff_t w_stride, int columns, int32_t k, float *sums, ptrdiff_t sums_stride) {
  for (int m0 = 0; m0 < rows;) {
    // All full tiles, then the rest: the rows of w of a tile stay in L1 while the rows of x pass.
    int tile = rows - m0 >= TILE_ROWS ? TILE_ROWS : rows - m0;
    int m1 = m0 + (rows - m0) / tile * tile;
    dot_function dot = dots[dtype][tile];
    for (int n = 0; n < columns; n += TILE_COLUMNS(tile))
      for (int m = m0; m < m1; m += tile)
        dot(x + m * x_stride, x_stride, (const char *)w + n * w_stride, w_stride,
            (int)least(columns - n, TILE_COLUMNS(tile)), k, sums + m * sums_stride + n, sums_stride);
    m0 = m1;
  }
}
