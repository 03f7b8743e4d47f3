// Rotary position embedding and the key-value cache.

static void rope(const void *args, int worker, int workers) {
  const act_rope_args *a = args;
  if (a->heads <= 0) return;
  share items = share_of((int64_t)a->rows * a->heads, worker, workers);
  for (int64_t item = items.begin; item < items.end; item++) {
    int64_t row = item / a->heads, head = item % a->heads;
    const float *x = a->x + row * a->x_row_stride + head * a->head_width;
    float *out = a->out + row * a->out_row_stride + head * a->head_width;
    const float *cosine = a->table + row * 2 * a->half, *sine = cosine + a->half;
    int32_t i = 0;
    for (; i <= a->half - WIDTH; i += WIDTH) {
      vf first = v_load(x + i), second = v_load(x + i + a->half), c = v_load(cosine + i),
         s = v_load(sine + i);
      v_store(out + i, first * c - second * s);
      v_store(out + i + a->half, second * c + first * s);
    }
    if (i < a->half) {
      int n = a->half - i;
      vf first = v_load_first(x + i, n), second = v_load_first(x + i + a->half, n);
      vf c = v_load_first(cosine + i, n), s = v_load_first(sine + i, n);
      v_store_first(out + i, first * c - second * s, n);
      v_store_first(out + i + a->half, second * c + first * s, n);
    }
    if (out != x && a->head_width > 2 * a->half)
      memcpy(out + 2 * a->half, x + 2 * a->half, (size_t)(a->head_width - 2 * a->half) * sizeof(float));
  }
}

static void cache_append(const void *args, int worker, int workers) {
  const act_cache_append_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    ptrdiff_t at = (ptrdiff_t)a->positions[row] * a->width;
    size_t bytes = (size_t)a->width * sizeof(float);
    memcpy(a->keys[a->sequences[row]] + at, a->k + row * a->k_row_stride, bytes);
    memcpy(a->values[a->sequences[row]] + at, a->v + row * a->v_row_stride, bytes);
  }
}
