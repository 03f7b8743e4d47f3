// Products on 8 tile registers of up to 16 rows of 64 bytes. A level defines HAS_TILES 1, the type
// tile_registers and
//   tiles_configure(t, tile_shape[8]), tiles_release(t)
//   TILE_ZERO(t, i), TILE_LOAD(t, i, p, stride), TILE_STORE(t, i, p, stride), stride in bytes
//   TILE_DOT_BF16(t, c, a, b)   c[m][n] += a[m][2 j] b[j][2 n] + a[m][2 j + 1] b[j][2 n + 1], f32 += bf16
//   TILE_DOT_BYTES(t, c, a, b)  the same with four s8 of a and four u8 of b, i32
// where i, a, b, c are constants. Tiles 0 ... 3 are sums, 4 and 5 rows of x, 6 and 7 panels of w.

static const tile_shape bf16_tiles[8] = {{16, 64}, {16, 64}, {16, 64}, {16, 64},
                                         {16, 64}, {16, 64}, {16, 64}, {16, 64}};
static const tile_shape byte_tiles[8] = {{16, 64}, {16, 64}, {16, 64}, {16, 64},
                                         {16, 32}, {16, 32}, {8, 64},  {8, 64}};

// Columns of a block of rows that are `x_stride` floats apart: for every 32 and every tile [16 rows][32] bf16, zero past
// the last column and row.
static void pack_tiles_bf16(const float *x, ptrdiff_t x_stride, int rows, int32_t k1, char *out) {
  for (int32_t k = 0; k < k1; k += 32) {
    uint16_t *block = (uint16_t *)(out + (size_t)k * 2 * (size_t)tile_padded(rows));
    int columns = (int)least(32, k1 - k);
    memset(block, 0, (size_t)tile_padded(rows) * 64);
    for (int m = 0; m < rows; m++)
      for (int i = 0; i < columns; i += WIDTH) {
        const float *p = x + m * x_stride + k + i;
        int count = (int)least(WIDTH, columns - i);
        v_store_u16(block + m * 32 + i, v_to_bf16(count == WIDTH ? v_load(p) : v_load_first(p, count)));
      }
  }
}

// The same for bytes: [padded rows][32] int8, then the scales and the corrections of the padded rows, as
// in ROWS_QUADS.
static void pack_tiles_bytes(int w_dtype, const float *x, ptrdiff_t x_stride, int rows, int32_t k1,
                             char *out) {
  const int padded = tile_padded(rows);
  for (int32_t k = 0; k < k1; k += QUANT_BLOCK) {
    int8_t *block = (int8_t *)out + (size_t)(k / QUANT_BLOCK) * 40 * (size_t)padded;
    char *scales = (char *)block + QUANT_BLOCK * padded, *corrections = scales + 4 * padded;
    memset(block, 0, (size_t)padded * 40);
    for (int m = 0; m < rows; m++)
      quantise_row(w_dtype, x + m * x_stride + k, (int)least(QUANT_BLOCK, k1 - k), block + m * QUANT_BLOCK,
                   scales + 4 * m, corrections + 4 * m);
  }
}

// The sums of one tile: loaded from and stored to rows that may be fewer than a tile's.
INLINE void copy_tile_sums(float *to, ptrdiff_t to_stride, const float *from, ptrdiff_t from_stride,
                           int rows) {
  for (int m = 0; m < rows; m++)
    for (int n = 0; n < PANEL_ROWS; n += WIDTH)
      v_store(to + m * to_stride + n, v_load(from + m * from_stride + n));
}

static void multiply_tiles_bf16(int rows, int panels, const char *x, const char *w, size_t panel_stride,
                                int32_t k, int first, float *sums, ptrdiff_t sums_stride) {
  tile_registers tiles;
  tiles_configure(&tiles, bf16_tiles);
  const size_t x_step = (size_t)tile_padded(rows) * 64;
  const char *w1 = panels > 1 ? w + panel_stride : w, *x1 = rows > TILE_HEIGHT ? x + 1024 : x;
  _Alignas(64) float part[4][TILE_HEIGHT * PANEL_ROWS] = {0};
  const int second = rows > TILE_HEIGHT, counts[2] = {second ? TILE_HEIGHT : rows, rows - TILE_HEIGHT};
#define EACH_PART                   \
  for (int t = 0; t <= second; t++) \
    for (int p = 0; p < panels; p++)
  if (!first) EACH_PART
  copy_tile_sums(part[2 * t + p], PANEL_ROWS, sums + t * TILE_HEIGHT * sums_stride + p * PANEL_ROWS,
                 sums_stride, counts[t]);
  TILE_LOAD(tiles, 0, part[0], 64);
  TILE_LOAD(tiles, 1, part[1], 64);
  TILE_LOAD(tiles, 2, part[2], 64);
  TILE_LOAD(tiles, 3, part[3], 64);
  for (int32_t i = 0; i < k; i += 32, x += x_step, x1 += x_step, w += 1024, w1 += 1024) {
    TILE_LOAD(tiles, 4, x, 64);
    TILE_LOAD(tiles, 6, w, 64);
    TILE_DOT_BF16(tiles, 0, 4, 6);
    if (panels > 1) {
      TILE_LOAD(tiles, 7, w1, 64);
      TILE_DOT_BF16(tiles, 1, 4, 7);
    }
    if (!second) continue;
    TILE_LOAD(tiles, 5, x1, 64);
    TILE_DOT_BF16(tiles, 2, 5, 6);
    if (panels > 1) TILE_DOT_BF16(tiles, 3, 5, 7);
  }
  TILE_STORE(tiles, 0, part[0], 64);
  TILE_STORE(tiles, 1, part[1], 64);
  TILE_STORE(tiles, 2, part[2], 64);
  TILE_STORE(tiles, 3, part[3], 64);
  EACH_PART
  copy_tile_sums(sums + t * TILE_HEIGHT * sums_stride + p * PANEL_ROWS, sums_stride, part[2 * t + p],
                 PANEL_ROWS, counts[t]);
  tiles_release(&tiles);
}

// One tile of rows and one panel of q8 or q4.
INLINE void multiply_byte_tile(tile_registers *tiles, const int dtype, const char *x, size_t padded, int tile,
                               const char *w, int32_t k, int first, int rows, float *sums,
                               ptrdiff_t sums_stride) {
  (void)tiles;
  const int q8 = dtype == ACT_Q8X16;
  vf acc[TILE_HEIGHT][LANE_GROUPS];
  for (int m = 0; m < TILE_HEIGHT; m++)
    for (int n = 0; n < LANE_GROUPS; n++)
      acc[m][n] = first || m >= rows ? (vf){} : v_load(sums + m * sums_stride + n * WIDTH);
  for (int32_t i = 0; i * QUANT_BLOCK < k; i++, x += padded * 40) {
    const char *group = w + (size_t)(i / 2) * (q8 ? Q8_GROUP_BYTES : Q4_GROUP_BYTES);
    const float *scales = (const float *)(x + padded * QUANT_BLOCK) + tile * TILE_HEIGHT,
                *corrections = scales + padded;
    _Alignas(64) char quads[512];
    _Alignas(64) int32_t products[TILE_HEIGHT * PANEL_ROWS];
    const char *b = q8 ? group + 64 + i % 2 * 512 : quads;
    if (!q8)
      for (int at = 0; at < 512; at += 4 * WIDTH) {
        vu bytes = v_load_words(group + 128 + at);
        bytes = (i % 2 ? bytes >> 4 : bytes) & 0x0f0f0f0fu;
        memcpy(quads + at, &bytes, sizeof bytes);
      }
    TILE_ZERO(*tiles, 0);
    TILE_LOAD(*tiles, 4, x + tile * TILE_HEIGHT * QUANT_BLOCK, QUANT_BLOCK);
    TILE_LOAD(*tiles, 6, b, 64);
    TILE_DOT_BYTES(*tiles, 0, 4, 6);
    TILE_STORE(*tiles, 0, products, 64);
    for (int n = 0; n < LANE_GROUPS; n++) {
      const char *numbers = group + i % 2 * 32 + n * WIDTH * 2;
      vf scale = v_load_bf16(numbers), offset = q8 ? scale : v_load_bf16(numbers + 64);
      for (int m = 0; m < TILE_HEIGHT; m++) {
        vi total = (vi)v_load_words((const char *)(products + m * PANEL_ROWS + n * WIDTH));
        int32_t start = 0;
        if (q8) memcpy(&start, corrections + m, sizeof start);
        vf sum = __builtin_convertvector(total + start, vf);
        acc[m][n] = v_fused(sum, scale * v_splat(scales[m]), acc[m][n]);
        if (!q8) acc[m][n] = v_fused(offset, v_splat(corrections[m]), acc[m][n]);
      }
    }
  }
  for (int m = 0; m < rows; m++)
    for (int n = 0; n < LANE_GROUPS; n++) v_store(sums + m * sums_stride + n * WIDTH, acc[m][n]);
}

static void multiply_tiles_bytes(int dtype, int rows, int panels, const char *x, const char *w,
                                 size_t panel_stride, int32_t k, int first, float *sums,
                                 ptrdiff_t sums_stride) {
  tile_registers tiles;
  tiles_configure(&tiles, byte_tiles);
  const size_t padded = (size_t)tile_padded(rows);
  for (int p = 0; p < panels; p++)
    for (int t = 0; t * TILE_HEIGHT < rows; t++) {
      int count = (int)least(TILE_HEIGHT, rows - t * TILE_HEIGHT);
      float *out = sums + t * TILE_HEIGHT * sums_stride + p * PANEL_ROWS;
      if (dtype == ACT_Q8X16)
        multiply_byte_tile(&tiles, ACT_Q8X16, x, padded, t, w + (size_t)p * panel_stride, k, first, count,
                           out, sums_stride);
      else
        multiply_byte_tile(&tiles, ACT_Q4X16, x, padded, t, w + (size_t)p * panel_stride, k, first, count,
                           out, sums_stride);
    }
  tiles_release(&tiles);
}
