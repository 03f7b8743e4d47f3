// Rotary position embedding and the key-value cache, whose layout act_kernels.h describes.

// One head, whose channel i turns together with channel i + half.
INLINE void rotate_halves(float *out, const float *x, const float *cosine, const float *sine, int32_t half) {
  int32_t i = 0;
  for (; i <= half - WIDTH; i += WIDTH) {
    vf first = v_load(x + i), second = v_load(x + i + half), c = v_load(cosine + i), s = v_load(sine + i);
    v_store(out + i, first * c - second * s);
    v_store(out + i + half, second * c + first * s);
  }
  if (i < half) {
    int n = half - i;
    vf first = v_load_first(x + i, n), second = v_load_first(x + i + half, n);
    vf c = v_load_first(cosine + i, n), s = v_load_first(sine + i, n);
    v_store_first(out + i, first * c - second * s, n);
    v_store_first(out + i + half, second * c + first * s, n);
  }
}

// One head, whose channel 2i turns together with channel 2i + 1. A pair is read before it is written, so that
// out may be x.
INLINE void rotate_neighbours(float *out, const float *x, const float *cosine, const float *sine,
                              int32_t half) {
#pragma clang loop vectorize(assume_safety)
  for (int32_t i = 0; i < half; i++) {
    float first = x[2 * i], second = x[2 * i + 1];
    out[2 * i] = first * cosine[i] - second * sine[i];
    out[2 * i + 1] = second * cosine[i] + first * sine[i];
  }
}

static void rope(const void *args, int worker, int workers) {
  const act_rope_args *a = args;
  if (a->heads <= 0) return;
  share items = share_of((int64_t)a->rows * a->heads, worker, workers);
  for (int64_t item = items.begin; item < items.end; item++) {
    int64_t row = item / a->heads, head = item % a->heads;
    const float *x = a->x + row * a->x_row_stride + head * a->head_width;
    float *out = a->out + row * a->out_row_stride + head * a->head_width;
    const float *cosine = a->table + row * 2 * a->half, *sine = cosine + a->half;
    if (a->interleaved)
      rotate_neighbours(out, x, cosine, sine, a->half);
    else
      rotate_halves(out, x, cosine, sine, a->half);
    if (out != x && a->head_width > 2 * a->half)
      memcpy(out + 2 * a->half, x + 2 * a->half, (size_t)(a->head_width - 2 * a->half) * sizeof(float));
  }
}

// Writes the keys of one position and kv head: `key` is its place in the block.
INLINE void append_key(const int dtype, const float *k, int32_t width, uint32_t *key) {
  if (dtype == ACT_F32) {
    for (int32_t i = 0; i < width; i++) memcpy(key + (ptrdiff_t)i * ATTENTION_BLOCK, k + i, sizeof *key);
    return;
  }
  for (int32_t i = 0; i < width; i += WIDTH) {
    int n = (int)least(WIDTH, width - i);
    uint32_t pairs[WIDTH / 2];
    vh halves = v_to_bf16(v_load_first(k + i, n));
    memcpy(pairs, &halves, sizeof pairs);
    for (int j = 0; 2 * j < n; j++) key[(ptrdiff_t)(i / 2 + j) * ATTENTION_BLOCK] = pairs[j];
  }
}

// Writes the values of one position and kv head: `value` is the block's row, which bf16 shares with the
// position beside it.
INLINE void append_value(const int dtype, const float *v, int32_t width, int32_t position, uint32_t *value) {
  if (dtype == ACT_F32) {
    memcpy(value, v, (size_t)width * sizeof(float));
    return;
  }
  uint16_t *out = (uint16_t *)value + position % 2;
  for (int32_t i = 0; i < width; i += WIDTH) {
    int n = (int)least(WIDTH, width - i);
    uint16_t halves[WIDTH];
    v_store_u16(halves, v_to_bf16(v_load_first(v + i, n)));
    for (int j = 0; j < n; j++) out[2 * (i + j)] = halves[j];
  }
}

// The bf16 values of an even position and of the one after it.
INLINE void append_value_pair(const float *v, const float *next, int32_t width, uint32_t *value) {
  for (int32_t i = 0; i < width; i += WIDTH) {
    int n = (int)least(WIDTH, width - i);
    vu first = __builtin_convertvector(v_to_bf16(v_load_first(v + i, n)), vu);
    vu second = __builtin_convertvector(v_to_bf16(v_load_first(next + i, n)), vu);
    vf words = (vf)(first | second << 16);
    if (n == WIDTH)
      v_store((float *)value + i, words);
    else
      v_store_first((float *)value + i, words, n);
  }
}

INLINE void append(const act_cache_append_args *a, int worker, int workers, const int dtype) {
  const ptrdiff_t padded = attention_padded(a->head_width);
  const int in_word = dtype == ACT_F32 ? 1 : 2;
  share rows = share_of(a->rows, worker, workers);
  int value_is_there = 0;
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const int32_t entry = a->entries[row], position = a->positions[row];
    const int pair = in_word == 2 && !value_is_there && position % 2 == 0 && row + 1 < rows.end &&
                     a->entries[row + 1] == entry && a->positions[row + 1] == position + 1;
    const ptrdiff_t block = attention_place(position / ATTENTION_BLOCK, a->ring);
    const int32_t place = position % ATTENTION_BLOCK;
    for (int32_t head = 0; head < a->kv_heads; head++) {
      ptrdiff_t at = (block * a->kv_heads + head) * (ATTENTION_BLOCK / in_word) * padded;
      ptrdiff_t from = (ptrdiff_t)head * a->head_width;
      append_key(dtype, a->k + row * a->k_row_stride + from, a->head_width,
                 (uint32_t *)a->keys[entry] + at + place);
      const float *v = a->v + row * a->v_row_stride + from;
      uint32_t *value = (uint32_t *)a->values[entry] + at + place / in_word * padded;
      if (pair)
        append_value_pair(v, v + a->v_row_stride, a->head_width, value);
      else if (!value_is_there)
        append_value(dtype, v, a->head_width, position, value);
    }
    value_is_there = pair;
  }
}

static void cache_append(const void *args, int worker, int workers) {
  const act_cache_append_args *a = args;
  if (a->cache_dtype == ACT_F32)
    append(a, worker, workers, ACT_F32);
  else
    append(a, worker, workers, ACT_BF16);
}
