// Means over windows of images.

// out[0 ..< vectors * WIDTH] = the means over some channels of the pixels in `lines` and `pixels` of an image.
INLINE void average(const act_average_pool_args *a, const float *image, share lines, share pixels,
                    float count, const int vectors, float *out) {
  vf sum[4] = {};
  for (int64_t y = lines.begin; y < lines.end; y++)
    for (int64_t x = pixels.begin; x < pixels.end; x++) {
      const float *p = image + (y * a->windows.width + x) * a->x_row_stride;
      for (int i = 0; i < vectors; i++) sum[i] = sum[i] + v_load(p + i * WIDTH);
    }
  for (int i = 0; i < vectors; i++) v_store(out + i * WIDTH, sum[i] / count);
}

// The last channels, fewer than a vector.
INLINE void average_first(const act_average_pool_args *a, const float *image, share lines, share pixels,
                          float count, int n, float *out) {
  vf sum = {};
  for (int64_t y = lines.begin; y < lines.end; y++)
    for (int64_t x = pixels.begin; x < pixels.end; x++)
      sum = sum + v_load_first(image + (y * a->windows.width + x) * a->x_row_stride, n);
  v_store_first(out, sum / count, n);
}

// The part of `size` positions from `begin` on that lies within 0 ..< `end`.
INLINE share within(int64_t begin, int64_t size, int64_t end) {
  share part = {most(0, begin), least(end, begin + size)};
  if (part.end < part.begin) part.end = part.begin;
  return part;
}

static void average_pool(const void *args, int worker, int workers) {
  const act_average_pool_args *a = args;
  const act_windows *s = &a->windows;
  if (a->batch <= 0 || s->out_height <= 0 || s->out_width <= 0) return;
  share rows = share_of((int64_t)a->batch * s->out_height * s->out_width, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const int64_t line = row / s->out_width;
    const share lines = within(line % s->out_height * s->stride_height - s->top, s->kernel_height, s->height);
    const share pixels = within(row % s->out_width * s->stride_width - s->left, s->kernel_width, s->width);
    const int64_t there = (lines.end - lines.begin) * (pixels.end - pixels.begin);
    // Nothing is divided by it where nothing is there.
    const float count =
        (float)most(1, a->counts_padding ? (int64_t)s->kernel_height * s->kernel_width : there);
    const float *image = a->x + line / s->out_height * s->height * s->width * a->x_row_stride;
    float *out = a->out + row * a->out_row_stride;
    int32_t i = 0;
    for (; i <= a->channels - 4 * WIDTH; i += 4 * WIDTH)
      average(a, image + i, lines, pixels, count, 4, out + i);
    for (; i <= a->channels - WIDTH; i += WIDTH) average(a, image + i, lines, pixels, count, 1, out + i);
    if (i < a->channels) average_first(a, image + i, lines, pixels, count, a->channels - i, out + i);
  }
}
