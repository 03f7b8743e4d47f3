// Convolutions, as products of the matrix with rows that hold the window of a pixel each. A worker gathers and packs the
// windows of a chunk of pixels into its scratch, so that there is never more of them than that.

// The most rows of a block, in any layout.
#if HAS_TILES
enum { BLOCK_ROWS = TILE_BLOCK_ROWS };
#else
enum { BLOCK_ROWS = FLOAT_ROWS };
#endif

// Where the window of a pixel of the result begins.
typedef struct {
  const float *image;
  int32_t y, x;
} window;

static window window_of(const act_conv_args *a, int64_t row) {
  const act_windows *s = &a->windows;
  const int64_t line = row / s->out_width;
  return (window){a->x + line / s->out_height * s->height * s->width * a->x_row_stride,
                  (int32_t)(line % s->out_height) * s->stride_height - s->top,
                  (int32_t)(row % s->out_width) * s->stride_width - s->left};
}

// out[0 ..< end - begin] = columns begin ..< end of a line of a window: its pixels from x on, of which those out of the
// image are zero.
static void gather_line(const act_conv_args *a, const float *line, int32_t x, int64_t begin, int64_t end,
                        float *out) {
  const int64_t channels = a->channels;
  const int64_t first = least(end, most(begin, -(int64_t)x * channels));
  const int64_t last = most(first, least(end, ((int64_t)a->windows.width - x) * channels));
  memset(out, 0, (size_t)(first - begin) * sizeof(float));
  if (a->x_row_stride == channels) {
    if (last > first)
      memcpy(out + (first - begin), line + (x * channels + first), (size_t)(last - first) * sizeof(float));
  } else {
    for (int64_t at = first; at < last;) {
      const int64_t pixel = at / channels, channel = at % channels,
                    count = least(channels - channel, last - at);
      memcpy(out + (at - begin), line + (x + pixel) * a->x_row_stride + channel,
             (size_t)count * sizeof(float));
      at += count;
    }
  }
  memset(out + (last - begin), 0, (size_t)(end - last) * sizeof(float));
}

// out[0 ..< end - begin] = columns begin ..< end of a window.
static void gather(const act_conv_args *a, window w, int64_t begin, int64_t end, float *out) {
  const act_windows *s = &a->windows;
  const int64_t line_columns = (int64_t)s->kernel_width * a->channels;
  for (int64_t at = begin; at < end;) {
    const int64_t line = at / line_columns, from = at - line * line_columns, y = w.y + line;
    const int64_t count = least(line_columns - from, end - at);
    if (y < 0 || y >= s->height)
      memset(out + (at - begin), 0, (size_t)count * sizeof(float));
    else
      gather_line(a, w.image + y * s->width * a->x_row_stride, w.x, from, from + count, out + (at - begin));
    at += count;
  }
}

// Packs the windows of `blocks` of rows, the first of which is `row`.
static void pack_windows(const act_conv_args *a, const act_linear_args *rows_of, const row_blocks *blocks,
                         int64_t row, char *out) {
  _Alignas(64) float columns[BLOCK_ROWS * PACKING_RUN];
  window windows[BLOCK_ROWS];
  act_linear_args gathered = *rows_of;
  gathered.x_row_stride = PACKING_RUN;
  for (int64_t block = 0; block < blocks->count; block++) {
    const share range = rows_of_block(blocks, block);
    const int rows = (int)(range.end - range.begin);
    const size_t in_memory = (size_t)rows_in_memory(blocks->layout, rows);
    for (int m = 0; m < rows; m++) windows[m] = window_of(a, row + range.begin + m);
    for (int32_t k = 0; k < rows_of->k; k += PACKING_RUN) {
      const int32_t count = (int32_t)least(PACKING_RUN, rows_of->k - k);
      for (int m = 0; m < rows; m++) gather(a, windows[m], k, k + count, columns + m * PACKING_RUN);
      pack_columns(&gathered, blocks->layout, columns, rows, 0, count,
                   out + block_at(blocks, block) +
                       packed_row_bytes(blocks->layout, a->w_dtype, (size_t)k) * in_memory);
    }
  }
}

static size_t conv_scratch(int32_t w_dtype, int32_t k) {
  if (k <= 0) return 0;
  size_t bytes = (size_t)CHUNK_ROWS * (size_t)k * sizeof(float);
  if (is_packed(w_dtype)) {
    bytes = 0;
    for (int rows = 1; rows <= CHUNK_ROWS; rows++) {
      const row_blocks blocks = row_blocks_of(w_dtype, rows, k);
      const size_t packed = packed_rows_bytes(&blocks);
      if (packed > bytes) bytes = packed;
    }
  }
  return (bytes + 63) / 64 * 64;
}

static void conv(const void *args, int worker, int workers) {
  const act_conv_args *a = args;
  const act_windows *s = &a->windows;
  const int64_t rows = (int64_t)a->batch * s->out_height * s->out_width;
  if (rows <= 0 || a->n <= 0) return;
  act_linear_args l = {.out = a->out,
                       .out_row_stride = a->out_row_stride,
                       .w = a->w,
                       .w_dtype = a->w_dtype,
                       .n = a->n,
                       .k = s->kernel_height * s->kernel_width * a->channels,
                       .slots = a->slots,
                       .rows_per_slot = a->rows_per_slot,
                       .epilogue = a->epilogue,
                       .inputs = a->inputs};
  l.x_row_stride = l.k;
  epilogue e = {.args = &l};
  if (l.epilogue.instruction_count > 0) expr_assign_slots(&l.epilogue, &e.buffers);
  _Alignas(64) float sums[SUMS];
  char *scratch = (char *)a->scratch + worker * a->scratch_per_worker;
  l.x = (const float *)scratch;

  // Shares are groups of rows, about one block each.
  const int64_t groups = (rows + FLOAT_ROWS - 1) / FLOAT_ROWS;
  const linear_part part = part_of((int64_t)panel_count((size_t)l.n), groups, worker, workers);
  const int64_t end = least(rows, part.blocks.end * FLOAT_ROWS);
  const int64_t begin = part.blocks.begin * FLOAT_ROWS, chunks = (end - begin + CHUNK_ROWS - 1) / CHUNK_ROWS;
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    const share range = share_of(end - begin, (int)chunk, (int)chunks);
    const int64_t row = begin + range.begin;
    const int count = (int)(range.end - range.begin);
    row_blocks blocks = row_blocks_of(l.w_dtype, count, l.k);
    if (is_packed(l.w_dtype))
      pack_windows(a, &l, &blocks, row, scratch);
    else
      for (int m = 0; m < count; m++)
        gather(a, window_of(a, row + m), 0, l.k, (float *)scratch + (ptrdiff_t)m * l.k);
    multiply_rows(&e, &l, scratch, &blocks, (share){0, blocks.count}, part.panels, row, sums);
  }
}
