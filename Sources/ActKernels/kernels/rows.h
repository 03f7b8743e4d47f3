// Copies of rows and arrays that widen, narrow or scale.

INLINE void store_first_from_f32(int dtype, char *p, vf v, int n) {
  if (dtype == ACT_F32) {
    if (n == WIDTH)
      v_store((float *)p, v);
    else
      v_store_first((float *)p, v, n);
  } else {
    vh half = dtype == ACT_BF16 ? v_to_bf16(v) : v_to_f16(v);
    if (n == WIDTH)
      v_store_u16((uint16_t *)p, half);
    else
      memcpy(p, &half, (size_t)n * sizeof(uint16_t));
  }
}

INLINE void copy_scaled_row(int out_dtype, char *out, int in_dtype, const char *in, int64_t count,
                            const float *row, const float *columns) {
  const size_t out_bytes = width_in_bytes(out_dtype), in_bytes = width_in_bytes(in_dtype);
  const vf factor = row ? v_splat(*row) : v_splat(1.0f);
  int64_t i = 0;
#pragma clang loop unroll_count(2)
  for (; i <= count - WIDTH; i += WIDTH) {
    vf v = load_as_f32(in_dtype, in + (size_t)i * in_bytes);
    if (row) v = v * factor;
    if (columns) v = v * v_load(columns + i);
    store_first_from_f32(out_dtype, out + (size_t)i * out_bytes, v, WIDTH);
  }
  if (i == count) return;
  const int n = (int)(count - i);
  vf v = load_first_as_f32(in_dtype, in + (size_t)i * in_bytes, n);
  if (row) v = v * factor;
  if (columns) v = v * v_load_first(columns + i, n);
  store_first_from_f32(out_dtype, out + (size_t)i * out_bytes, v, n);
}

// out[i] = in[i], times *row or columns[i] where one of them is there: a loop for each, which the compiler
// makes of one at -O3 only.
INLINE void copy_row(int out_dtype, char *out, int in_dtype, const char *in, int64_t count, const float *row,
                     const float *columns) {
  if (row) return copy_scaled_row(out_dtype, out, in_dtype, in, count, row, NULL);
  if (columns) return copy_scaled_row(out_dtype, out, in_dtype, in, count, NULL, columns);
  copy_scaled_row(out_dtype, out, in_dtype, in, count, NULL, NULL);
}

// The same with the dtypes known to the compiler.
static void copy_any_row(int out_dtype, char *out, int in_dtype, const char *in, int64_t count,
                         const float *row, const float *columns) {
#define FROM(out_type)                                                                \
  switch (in_dtype) {                                                                 \
    case ACT_BF16: return copy_row(out_type, out, ACT_BF16, in, count, row, columns); \
    case ACT_F16: return copy_row(out_type, out, ACT_F16, in, count, row, columns);   \
    default: return copy_row(out_type, out, ACT_F32, in, count, row, columns);        \
  }
  switch (out_dtype) {
    case ACT_BF16: FROM(ACT_BF16)
    case ACT_F16: FROM(ACT_F16)
    default: FROM(ACT_F32)
  }
#undef FROM
}

INLINE float float_from_bf16(const char *p) {
  uint16_t half;
  memcpy(&half, p, sizeof half);
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE void unpack_row_of(const int dtype, const char *w, int64_t row, int32_t columns, float *out) {
  const char *panel = w + (size_t)(row / PANEL_ROWS) * panel_bytes(dtype, (size_t)columns);
  const size_t lane = (size_t)(row % PANEL_ROWS);
  for (int32_t k = 0; k < columns; k++) {
    const size_t column = (size_t)k;
    if (dtype == ACT_F32X16) {
      memcpy(out + k, panel + column * 64 + lane * 4, 4);
    } else if (dtype == ACT_BF16X16) {
      out[k] = float_from_bf16(panel + column / 2 * 64 + lane * 4 + column % 2 * 2);
    } else {
      const int q8 = dtype == ACT_Q8X16;
      const char *group = panel + column / QUANT_GROUP * (q8 ? Q8_GROUP_BYTES : Q4_GROUP_BYTES);
      const size_t block = column / QUANT_BLOCK % 2, quad = column % QUANT_BLOCK / 4;
      const char *numbers = group + block * 32 + lane * 2;
      const uint8_t *quads = (const uint8_t *)group + (q8 ? 64 : 128);
      uint8_t q = quads[(q8 ? block * 8 + quad : quad) * 64 + lane * 4 + column % 4];
      if (q8)
        out[k] = float_from_bf16(numbers) * (float)(q - 128);
      else
        out[k] = float_from_bf16(numbers) * (float)(block ? q >> 4 : q & 15) + float_from_bf16(numbers + 64);
    }
  }
}

// Row `row` of a packed matrix, widened to f32.
static void unpack_row(int dtype, const char *w, int64_t row, int32_t columns, float *out) {
  switch (dtype) {
    case ACT_F32X16: return unpack_row_of(ACT_F32X16, w, row, columns, out);
    case ACT_BF16X16: return unpack_row_of(ACT_BF16X16, w, row, columns, out);
    case ACT_Q8X16: return unpack_row_of(ACT_Q8X16, w, row, columns, out);
    default: return unpack_row_of(ACT_Q4X16, w, row, columns, out);
  }
}

static void take_rows(const void *args, int worker, int workers) {
  const act_take_rows_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    if (is_packed(a->dtype)) {
      unpack_row(a->dtype, a->table, a->indices[row], a->columns, a->out + row * a->out_row_stride);
      continue;
    }
    ptrdiff_t at = a->indices[row] * a->table_row_stride;
    copy_any_row(ACT_F32, (char *)(a->out + row * a->out_row_stride), a->dtype,
                 (const char *)a->table + at * (ptrdiff_t)width_in_bytes(a->dtype), a->columns, NULL, NULL);
  }
}

static void cast(const void *args, int worker, int workers) {
  const act_cast_args *a = args;
  enum { BLOCK = 256 };
  share blocks = share_of((a->count + BLOCK - 1) / BLOCK, worker, workers);
  // The last block may be short, and a worker after it has none: both ends are bounded.
  int64_t begin = least(blocks.begin * BLOCK, a->count), end = least(blocks.end * BLOCK, a->count);
  size_t out_bytes = width_in_bytes(a->out_dtype), in_bytes = width_in_bytes(a->in_dtype);
  copy_any_row(a->out_dtype, (char *)a->out + (size_t)begin * out_bytes, a->in_dtype,
               (const char *)a->in + (size_t)begin * in_bytes, end - begin, NULL, NULL);
}

INLINE void scale(const act_scale_args *a, int worker, int workers, int by_row) {
  share rows = share_of(a->n, worker, workers);
  size_t w_row_bytes = (size_t)a->k * width_in_bytes(a->w_dtype);
  for (int64_t row = rows.begin; row < rows.end; row++)
    copy_any_row(ACT_F32, (char *)(a->out + row * a->k), a->w_dtype,
                 (const char *)a->w + (size_t)row * w_row_bytes, a->k, by_row ? a->s + row : NULL,
                 by_row ? NULL : a->s);
}

static void scale_rows(const void *args, int worker, int workers) { scale(args, worker, workers, 1); }
static void scale_columns(const void *args, int worker, int workers) { scale(args, worker, workers, 0); }
