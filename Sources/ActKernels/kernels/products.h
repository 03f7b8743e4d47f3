// Products of a block of packed rows with panels, in registers: every sum is one accumulator that takes the
// columns in order, whatever the shape of the block.
//
// sums[m, n] (+)= the products of `rows` packed rows with `panels` neighbouring panels over k columns; adds
// to what sums holds unless `first`. x is where the rows' first column lies, and `from` the first that is multiplied;
// panel_stride counts bytes, sums_stride floats.

#define EACH_SUM(rows, columns) \
  UNROLL for (int m = 0; m < (rows); m++) UNROLL for (int n = 0; n < (columns); n++)

#define LOAD_SUMS \
  EACH_SUM(rows, columns) acc[m][n] = first ? (vf){} : v_load(sums + m * sums_stride + n * WIDTH)
#define STORE_SUMS EACH_SUM(rows, columns) v_store(sums + m * sums_stride + n * WIDTH, acc[m][n])

// Rows of x, `stride` bytes apart: every third is pointed at, and the two after it are an index register away, at once
// and at twice, so that the addresses of a block fit into few registers.
typedef struct {
  const char *third[(FLOAT_ROWS + 2) / 3];
  size_t stride;
} row_pointers;

INLINE row_pointers rows_from(const char *x, const row_blocks *blocks, int32_t k, const int rows) {
  const size_t stride = blocks->row_stride;
  row_pointers p = {.stride = stride};
  x += column_at(blocks, k);
  for (int i = 0; i < (rows + 2) / 3; i++) {
    p.third[i] = x + (size_t)(3 * i) * stride;
    // Else the compiler finds out that one pointer follows from another, and adds them up for every load.
    __asm__("" : "+r"(p.third[i]));
  }
  return p;
}
INLINE void advance(row_pointers *p, const int rows, size_t bytes) {
  for (int i = 0; i < (rows + 2) / 3; i++) p->third[i] += bytes;
}
INLINE const char *row_at(const row_pointers *p, int m) {
  return p->third[m / 3] + (size_t)(m % 3) * p->stride;
}
INLINE float float_at(const char *x) {
  float value;
  memcpy(&value, x, sizeof value);
  return value;
}
INLINE int32_t word_at(const char *x) {
  int32_t value;
  memcpy(&value, x, sizeof value);
  return value;
}

// The lanes of vector n of the panels at `at` bytes into each.
INLINE const char *lanes_of(const char *w, size_t panel_stride, int n, size_t at) {
  return w + (size_t)(n / LANE_GROUPS) * panel_stride + at + (size_t)(n % LANE_GROUPS) * WIDTH * 4;
}

// Where the weights lie that are prefetched while others are read: with every line of a panel the line at
// `at`, and the one as far into each panel that is taken with it; then `at` moves on by `step` bytes.
typedef struct {
  const char *at;
  size_t step;
} lines_ahead;

// What to ask for in one of `passes` passes over `bytes` of each of some panels: its share of the panels
// that come next, so that memory is as busy in the last pass as in the first. A lone panel, and panels that
// are passed over so often that memory hardly counts, are prefetched a little ahead.
INLINE lines_ahead lines_ahead_of(const char *w, size_t panel_stride, int panels, size_t bytes, int64_t pass,
                                  int64_t passes) {
  const int64_t many = 8;
  if (passes * panels == 1 || passes > many) return (lines_ahead){w + PREFETCH_BYTES, 64};
  return (lines_ahead){w + (size_t)panels * panel_stride + bytes * (size_t)pass / (size_t)passes,
                       (size_t)((64 + passes - 1) / passes)};
}

INLINE void ask_for(lines_ahead *ahead, size_t panel_stride, const int panels) {
  for (int p = 0; p < panels; p++) __builtin_prefetch(ahead->at + (size_t)p * panel_stride, 0, 2);
  ahead->at += ahead->step;
}

// The columns from ..< from + k by pieces that lie together, of `part` columns.
#define EACH_PIECE                                                            \
  for (int32_t taken, part, rest = k; rest > 0; from += taken, rest -= taken) \
    if ((taken = part = (int32_t)least(rest, columns_together(blocks, from))) > 0)

// How many steps of a product go over the rows before their pointers advance.
enum { STEPS = 4 };

INLINE void product_f32(const int rows, const int panels, const char *x, const row_blocks *blocks,
                        int32_t from, const char *w, size_t panel_stride, int32_t k, int first, float *sums,
                        ptrdiff_t sums_stride, lines_ahead ahead) {
  const int columns = panels * LANE_GROUPS;
  vf acc[FLOAT_ROWS][4 * LANE_GROUPS];
  LOAD_SUMS;
#define STEP(i)                                                                                         \
  {                                                                                                     \
    ask_for(&ahead, panel_stride, panels);                                                              \
    vf ws[4 * LANE_GROUPS];                                                                             \
    for (int n = 0; n < columns; n++) ws[n] = (vf)v_load_words(lanes_of(w, panel_stride, n, (i) * 64)); \
    EACH_SUM(rows, columns)                                                                             \
    acc[m][n] = v_fma(ws[n], v_splat(float_at(row_at(&xs, m) + (i) * 4)), acc[m][n]);                   \
  }
  EACH_PIECE {
    row_pointers xs = rows_from(x, blocks, from, rows);
    for (; part >= STEPS; part -= STEPS, advance(&xs, rows, STEPS * 4), w += STEPS * 64)
      UNROLL for (int i = 0; i < STEPS; i++) STEP(i);
    for (; part > 0; part--, advance(&xs, rows, 4), w += 64) STEP(0);
  }
#undef STEP
  STORE_SUMS;
}

INLINE void product_bf16(const int rows, const int panels, const char *x, const row_blocks *blocks,
                         int32_t from, const char *w, size_t panel_stride, int32_t k, int first, float *sums,
                         ptrdiff_t sums_stride, lines_ahead ahead) {
  const int columns = panels * LANE_GROUPS;
  vf acc[FLOAT_ROWS][4 * LANE_GROUPS];
  LOAD_SUMS;
#if HAS_DOT_BF16
#define STEP(i)                                                                                     \
  {                                                                                                 \
    ask_for(&ahead, panel_stride, panels);                                                          \
    vu ws[4 * LANE_GROUPS];                                                                         \
    for (int n = 0; n < columns; n++) ws[n] = v_load_words(lanes_of(w, panel_stride, n, (i) * 64)); \
    EACH_SUM(rows, columns)                                                                         \
    acc[m][n] = v_dot_bf16(acc[m][n], ws[n], (vu)v_splat_int(word_at(row_at(&xs, m) + (i) * 4)));   \
  }
  EACH_PIECE {
    row_pointers xs = rows_from(x, blocks, from, rows);
    int32_t pairs = (part + 1) / 2;
    for (; pairs >= STEPS; pairs -= STEPS, advance(&xs, rows, STEPS * 4), w += STEPS * 64)
      UNROLL for (int i = 0; i < STEPS; i++) STEP(i);
    for (; pairs > 0; pairs--, advance(&xs, rows, 4), w += 64) STEP(0);
  }
#undef STEP
#else
  // The mask stays in memory, and pairs are loaded for even and odd columns: kept in registers, they would
  // push sums out of AVX2's sixteen. The two barriers keep the compiler from it.
  vu upper_half = (vu){} + 0xffff0000u;
  __asm__ volatile("" : "+m"(upper_half));
  EACH_PIECE {
    row_pointers xs = rows_from(x, blocks, from, rows);
    for (; part >= 2; part -= 2, advance(&xs, rows, 8), w += 64) {
      ask_for(&ahead, panel_stride, panels);
      UNROLL for (int odd = 0; odd < 2; odd++) {
        vf ws[4 * LANE_GROUPS];
        for (int n = 0; n < columns; n++) {
          vu pair = v_load_words(lanes_of(w, panel_stride, n, 0));
          ws[n] = (vf)(odd ? pair & upper_half : pair << 16);
        }
        EACH_SUM(rows, columns)
        acc[m][n] = v_fma(ws[n], v_splat(float_at(row_at(&xs, m) + odd * 4)), acc[m][n]);
        __asm__ volatile("" ::: "memory");
      }
    }
    if (part == 0) continue;
    for (int n = 0; n < columns; n++) {
      vf even = (vf)(v_load_words(lanes_of(w, panel_stride, n, 0)) << 16);
      for (int m = 0; m < rows; m++) acc[m][n] = v_fma(even, v_splat(float_at(row_at(&xs, m))), acc[m][n]);
    }
  }
#endif
  STORE_SUMS;
}

// Adds 32 columns, the first or the second half of the group at w, to acc.
INLINE void quad_block(const int dtype, const int rows, const int panels, const int second,
                       const row_pointers *xs, const char *w, size_t panel_stride, vf (*acc)[4 * LANE_GROUPS],
                       lines_ahead *ahead) {
  const int columns = panels * LANE_GROUPS, q8 = dtype == ACT_Q8X16;
  const size_t quads_at = q8 ? 64 : 128;
  if (!second) ask_for(ahead, panel_stride, panels);
  if (!second && !q8) ask_for(ahead, panel_stride, panels);
  quad_sum total[QUAD_ROWS][4 * LANE_GROUPS];
  EACH_SUM(rows, columns) { total[m][n] = quad_start(q8 ? word_at(row_at(xs, m) + QUAD_CORRECTION_AT) : 0); }
  UNROLL for (int j = 0; j < QUANT_BLOCK / 4; j++) {
    const size_t at = quads_at + (size_t)(q8 ? second * 8 + j : j) * 64;
    if (q8 || !second) ask_for(ahead, panel_stride, panels);
    for (int n = 0; n < columns; n++) {
      vu bytes = v_load_words(lanes_of(w, panel_stride, n, at));
      if (!q8) bytes = (second ? bytes >> 4 : bytes) & 0x0f0f0f0fu;
      w_quad ws = w_quad_from(bytes);
      for (int m = 0; m < rows; m++)
        total[m][n] = quad_dot(total[m][n], ws, (const x_quad *)row_at(xs, m) + j);
    }
  }
  for (int n = 0; n < columns; n++) {
    const char *numbers =
        w + (size_t)(n / LANE_GROUPS) * panel_stride + second * 32 + n % LANE_GROUPS * WIDTH * 2;
    vf scale = v_load_bf16(numbers);
    for (int m = 0; m < rows; m++)
      acc[m][n] = v_fused(quad_total(total[m][n]), scale * v_splat(float_at(row_at(xs, m) + QUAD_SCALE_AT)),
                          acc[m][n]);
    if (q8) continue;
    vf offset = v_load_bf16(numbers + 64);
    for (int m = 0; m < rows; m++)
      acc[m][n] = v_fused(offset, v_splat(float_at(row_at(xs, m) + QUAD_CORRECTION_AT)), acc[m][n]);
  }
}

INLINE void product_quads(const int dtype, const int rows, const int panels, const char *x,
                          const row_blocks *blocks, int32_t from, const char *w, size_t panel_stride,
                          int32_t k, int first, float *sums, ptrdiff_t sums_stride, lines_ahead ahead) {
  const int columns = panels * LANE_GROUPS;
  const size_t group_bytes = dtype == ACT_Q8X16 ? Q8_GROUP_BYTES : Q4_GROUP_BYTES;
  vf acc[QUAD_ROWS][4 * LANE_GROUPS];
  LOAD_SUMS;
  EACH_PIECE {
    row_pointers xs = rows_from(x, blocks, from, rows);
    for (; part > 0; part -= QUANT_GROUP, w += group_bytes) {
      quad_block(dtype, rows, panels, 0, &xs, w, panel_stride, acc, &ahead);
      advance(&xs, rows, QUAD_BLOCK_BYTES);
      if (part <= QUANT_BLOCK) continue;
      quad_block(dtype, rows, panels, 1, &xs, w, panel_stride, acc, &ahead);
      advance(&xs, rows, QUAD_BLOCK_BYTES);
    }
  }
  STORE_SUMS;
}

// Panels that a product takes at once: more where the rows fill less than half of the registers, but one row
// reads a single stream, whose next panel is the one that is prefetched. The blocks of rows of one
// matrix all take the same.
INLINE int panels_at_once(rows_layout layout, int rows) {
  if (layout == ROWS_TILES) return 2;
  if (rows == 1) return 1;
  if (layout == ROWS_QUADS) return BLOCK_PANELS;
  return rows * 2 < FLOAT_ROWS ? 2 * BLOCK_PANELS : BLOCK_PANELS;
}

#define EACH_ROW_COUNT(apply)                                                                          \
  apply(1) apply(2) apply(3) apply(4) apply(5) apply(6) apply(7) apply(8) apply(9) apply(10) apply(11) \
      apply(12)
#define PARAMETERS                                                                                      \
  const char *x, const row_blocks *blocks, int32_t from, const char *w, size_t panel_stride, int32_t k, \
      int first, float *sums, ptrdiff_t sums_stride
#define ARGUMENTS x, blocks, from, w, panel_stride, k, first, sums, sums_stride

// Calls the product compiled for `rows`, and for panels_at_once or one panel.
#define FLOAT_CASE(product, r)                               \
  case r:                                                    \
    if (r > FLOAT_ROWS) return;                              \
    if (panels == 1) return product(r, 1, ARGUMENTS, ahead); \
    return product(r, panels_at_once(ROWS_F32, r), ARGUMENTS, ahead);
#define F32_CASE(r) FLOAT_CASE(product_f32, r)
#define BF16_CASE(r) FLOAT_CASE(product_bf16, r)
static void multiply_f32(int rows, int panels, PARAMETERS, lines_ahead ahead) {
  switch (rows) { EACH_ROW_COUNT(F32_CASE) }
}
static void multiply_bf16(int rows, int panels, PARAMETERS, lines_ahead ahead) {
  switch (rows) { EACH_ROW_COUNT(BF16_CASE) }
}

#define QUAD_CASE(dtype, r)                                               \
  case r:                                                                 \
    if (r > QUAD_ROWS) return;                                            \
    if (panels == 1) return product_quads(dtype, r, 1, ARGUMENTS, ahead); \
    return product_quads(dtype, r, panels_at_once(ROWS_QUADS, r), ARGUMENTS, ahead);
#define Q8_CASE(r) QUAD_CASE(ACT_Q8X16, r)
#define Q4_CASE(r) QUAD_CASE(ACT_Q4X16, r)
static void multiply_q8(int rows, int panels, PARAMETERS, lines_ahead ahead) {
  switch (rows) { EACH_ROW_COUNT(Q8_CASE) }
}
static void multiply_q4(int rows, int panels, PARAMETERS, lines_ahead ahead) {
  switch (rows) { EACH_ROW_COUNT(Q4_CASE) }
}

static void multiply(int dtype, int rows, int panels, PARAMETERS, lines_ahead ahead) {
#if HAS_TILES
  if (blocks->layout == ROWS_TILES) {
    x += packed_row_bytes(ROWS_TILES, dtype, (size_t)from) * (size_t)tile_padded(rows);
    if (dtype == ACT_BF16X16)
      return multiply_tiles_bf16(rows, panels, x, w, panel_stride, k, first, sums, sums_stride);
    return multiply_tiles_bytes(dtype, rows, panels, x, w, panel_stride, k, first, sums, sums_stride);
  }
#endif
  switch (dtype) {
    case ACT_F32X16: return multiply_f32(rows, panels, ARGUMENTS, ahead);
    case ACT_BF16X16: return multiply_bf16(rows, panels, ARGUMENTS, ahead);
    case ACT_Q8X16: return multiply_q8(rows, panels, ARGUMENTS, ahead);
    default: return multiply_q4(rows, panels, ARGUMENTS, ahead);
  }
}
