// Convolutions, as products of the matrix with rows that hold the window of a pixel each. Windows overlap: where the
// channels of a pixel can be packed by themselves, a worker packs lines of the image into its scratch, with the zeros
// around them, and windows are read where they lie in these. Else it gathers and packs the windows of a chunk of pixels.
// There are never more of them in its scratch than two chunks ask for. Where w makes pairs of pixels (conv_pairs.h), a
// row is a pair, and there are four planes of rows.

// The most rows of a block, in any layout.
#if HAS_TILES
enum { BLOCK_ROWS = TILE_BLOCK_ROWS };
#else
enum { BLOCK_ROWS = FLOAT_ROWS };
#endif

// Columns of the rows, and rows that a line of the result asks for.
INLINE int32_t columns_of_windows(const act_windows *s, int32_t channels, int32_t pairs) {
  return s->kernel_height * (pairs ? 1 : s->kernel_width) * channels;
}
INLINE int64_t rows_of_line(const act_windows *s, int32_t pairs) {
  return pairs ? pairs_of_line(s) : s->out_width;
}

// Where the window of a row begins.
typedef struct {
  const float *image;
  int32_t y, x;
} window;

static window window_of(const act_conv_args *a, int64_t row) {
  const act_windows *s = &a->windows;
  const int64_t of_line = rows_of_line(s, a->pairs), line = row / of_line;
  return (window){a->x + line / s->out_height * s->height * s->width * a->x_row_stride,
                  (int32_t)(line % s->out_height) * s->stride_height - s->top,
                  (int32_t)(row % of_line) * (a->pairs ? 2 : s->stride_width) - s->left};
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

// out[0 ..< end - begin] = columns begin ..< end of a window, in a plane where there are some; PACKING_RUN at most then.
static void gather(const act_conv_args *a, window w, int plane, int64_t begin, int64_t end, float *out) {
  const act_windows *s = &a->windows;
  const int64_t line_columns = (int64_t)(a->pairs ? 1 : s->kernel_width) * a->channels;
  for (int64_t at = begin; at < end;) {
    const int64_t line = at / line_columns, from = at - line * line_columns, y = w.y + line;
    const int64_t count = least(line_columns - from, end - at);
    const float *image_line = w.image + y * s->width * a->x_row_stride;
    if (y < 0 || y >= s->height)
      memset(out + (at - begin), 0, (size_t)count * sizeof(float));
    else if (a->pairs)
      plane_of_line(a, plane, image_line, w.x, from, count, out + (at - begin));
    else
      gather_line(a, image_line, w.x, from, from + count, out + (at - begin));
    at += count;
  }
}

// Packs the windows of `blocks` of rows of a plane, the first of which is `row`.
static void pack_windows(const act_conv_args *a, const row_blocks *blocks, int32_t k_end, int64_t row,
                         int plane, char *out) {
  _Alignas(64) float columns[BLOCK_ROWS * PACKING_RUN];
  window windows[BLOCK_ROWS];
  for (int64_t block = 0; block < block_count(blocks); block++) {
    const share range = rows_of_block(blocks, block);
    const int rows = (int)(range.end - range.begin);
    for (int m = 0; m < rows; m++) windows[m] = window_of(a, row + range.begin + m);
    for (int32_t k = 0; k < k_end; k += PACKING_RUN) {
      const int32_t count = (int32_t)least(PACKING_RUN, k_end - k);
      for (int m = 0; m < rows; m++) gather(a, windows[m], plane, k, k + count, columns + m * PACKING_RUN);
      pack_columns(blocks, columns, PACKING_RUN, rows, k, count, out + block_at(blocks, block));
    }
  }
}

// Bytes of what `pack_windows` packs of at most so many rows, and of rows of experts.
static size_t chunk_scratch(int32_t w_dtype, int chunk_rows, int32_t k) {
  if (k <= 0) return 0;
  size_t bytes = (size_t)chunk_rows * (size_t)k * sizeof(float);
  if (is_packed(w_dtype)) {
    bytes = 0;
    for (int rows = 1; rows <= chunk_rows; rows++) {
      const row_blocks blocks = row_blocks_of(w_dtype, rows, k);
      const size_t packed = packed_rows_bytes(&blocks);
      if (packed > bytes) bytes = packed;
    }
  }
  return (bytes + 63) / 64 * 64;
}

// Lines of an image in a worker's scratch, and how the windows of lines of the result lie in them.
typedef struct {
  int64_t cells;     // of a line: its pixels, those around the image among them; or pairs, of a plane
  int64_t together;  // lines of the result whose windows are there at once
  int64_t capacity;  // lines that there is room for
  size_t cell_stride, plane_stride, line_stride;
  row_blocks windows;  // of the lines of one chunk
} packed_lines;

enum { LINES_ROWS = 128 };

INLINE int64_t lines_of_windows(const act_windows *s, int64_t lines) {
  return (lines - 1) * s->stride_height + s->kernel_height;
}

// Whether windows can be read in packed lines: pieces of them must begin where parts of a packed matrix do.
static int reads_lines(int32_t w_dtype, int32_t channels) {
  if (!is_packed(w_dtype) || layout_of_rows(w_dtype, LINES_ROWS) == ROWS_TILES) return 0;
  return channels % (w_dtype == ACT_F32X16 ? 1 : w_dtype == ACT_BF16X16 ? 2 : QUANT_GROUP) == 0;
}

static packed_lines packed_lines_of(int32_t w_dtype, int32_t channels, const act_windows *s, int32_t pairs) {
  const rows_layout layout = layout_of_rows(w_dtype, LINES_ROWS);
  const size_t bytes = packed_row_bytes(layout, w_dtype, (size_t)channels);
  const int64_t rows = rows_of_line(s, pairs), step = pairs ? 1 : s->stride_width;
  const int spread = evict_each_other(bytes * (size_t)step);
  packed_lines lines = {.cells = pairs ? rows : (rows - 1) * step + s->kernel_width,
                        .together = least(s->out_height, most(1, (pairs ? PAIR_ROWS : LINES_ROWS) / rows)),
                        .cell_stride = spread ? bytes + 64 : bytes};
  lines.capacity = 2 * lines_of_windows(s, lines.together);
  lines.plane_stride = ((size_t)lines.cells * lines.cell_stride + 63) / 64 * 64;
  lines.line_stride = (pairs ? PLANES : 1) * lines.plane_stride;
  lines.windows = (row_blocks){.layout = layout,
                               .w_dtype = w_dtype,
                               .lines = lines.together,
                               .line_rows = rows,
                               .line_blocks = blocks_of_rows(layout, rows),
                               .row_stride = lines.cell_stride * (size_t)step,
                               .line_stride = lines.line_stride * (size_t)s->stride_height,
                               .piece = pairs || spread ? channels : s->kernel_width * channels,
                               .pieces = pairs || !spread ? 1 : s->kernel_width,
                               .piece_stride = lines.cell_stride,
                               .piece_line_stride = lines.line_stride};
  return lines;
}

static size_t conv_scratch(int32_t w_dtype, int32_t channels, const act_windows *s, int32_t pairs) {
  if (!reads_lines(w_dtype, channels)) {
    const int32_t k = columns_of_windows(s, channels, pairs);
    return pairs ? PLANES * chunk_scratch(w_dtype, PAIR_ROWS, k) : chunk_scratch(w_dtype, CHUNK_ROWS, k);
  }
  const packed_lines lines = packed_lines_of(w_dtype, channels, s, pairs);
  return (size_t)lines.capacity * lines.line_stride;
}

// Line y of an image, with the zeros around it.
static void pack_line(const act_conv_args *a, const packed_lines *lines, const float *image, int64_t y,
                      char *out) {
  const act_windows *s = &a->windows;
  const float *line = y < 0 || y >= s->height ? NULL : image + y * s->width * a->x_row_stride;
  if (a->pairs)
    return pack_planes(a, lines->windows.layout, line, lines->cell_stride, lines->plane_stride, out);
  if (!line) {
    memset(out, 0, (size_t)lines->cells * lines->cell_stride);
    return;
  }
  const int64_t first = least(lines->cells, s->left),
                last = most(first, least(lines->cells, s->left + s->width));
  memset(out, 0, (size_t)first * lines->cell_stride);
  for (int64_t pixel = first; pixel < last; pixel++)
    pack_row(lines->windows.layout, a->w_dtype, line + (pixel - s->left) * a->x_row_stride, a->channels,
             out + (size_t)pixel * lines->cell_stride);
  memset(out + (size_t)last * lines->cell_stride, 0, (size_t)(lines->cells - last) * lines->cell_stride);
}

// The lines of the result that a worker makes, from lines of the images.
static void convolve_lines(const act_conv_args *a, act_linear_args *l, epilogue *e, char *scratch, int worker,
                           int workers) {
  const act_windows *s = &a->windows;
  packed_lines lines = packed_lines_of(a->w_dtype, a->channels, s, a->pairs);
  const linear_part part =
      part_of((int64_t)panel_count((size_t)l->n), (int64_t)a->batch * s->out_height, worker, workers);
  _Alignas(64) float sums[SUMS];
  // Which lines of which image lie in scratch, from its line `held_at` on.
  int64_t held_image = -1, held_at = 0;
  share held = {0, 0};
  for (int64_t line = part.blocks.begin, count; line < part.blocks.end; line += count) {
    const int64_t image = line / s->out_height, y = line % s->out_height;
    count = least(least(lines.together, part.blocks.end - line), s->out_height - y);
    const int64_t first = y * s->stride_height - s->top;
    const share asked = {first, first + lines_of_windows(s, count)};
    if (image != held_image || asked.begin >= held.end) held = (share){asked.begin, asked.begin}, held_at = 0;
    held_at += asked.begin - held.begin;
    held.begin = asked.begin;
    if (held_at + (asked.end - asked.begin) > lines.capacity) {
      memmove(scratch, scratch + (size_t)held_at * lines.line_stride,
              (size_t)(held.end - held.begin) * lines.line_stride);
      held_at = 0;
    }
    const float *x = a->x + image * s->height * s->width * a->x_row_stride;
    for (; held.end < asked.end; held.end++)
      pack_line(a, &lines, x, held.end,
                scratch + (size_t)(held_at + held.end - held.begin) * lines.line_stride);
    held_image = image;

    lines.windows.lines = count;
    const char *rows = scratch + (size_t)held_at * lines.line_stride;
    const int64_t blocks = block_count(&lines.windows), of_line = lines.windows.line_rows,
                  most_rows = a->pairs ? PAIR_ROWS : LINES_ROWS,
                  chunks = (count * of_line + most_rows - 1) / most_rows;
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
      const share taken = share_of(blocks, (int)chunk, (int)chunks);
      if (a->pairs)
        multiply_pairs(e, l, a, rows, lines.plane_stride, &lines.windows, taken, part.panels, line * of_line,
                       sums);
      else
        multiply_rows(e, l, rows, &lines.windows, taken, part.panels, line * of_line, sums);
    }
  }
}

static void conv(const void *args, int worker, int workers) {
  const act_conv_args *a = args;
  const act_windows *s = &a->windows;
  const int64_t rows = (int64_t)a->batch * s->out_height * rows_of_line(s, a->pairs);
  if (rows <= 0 || a->n <= 0) return;
  act_linear_args l = {.out = a->out,
                       .out_row_stride = a->out_row_stride,
                       .w = a->w,
                       .w_dtype = a->w_dtype,
                       .n = a->n,
                       .k = columns_of_windows(s, a->channels, a->pairs),
                       .slots = a->slots,
                       .rows_per_slot = a->rows_per_slot,
                       .epilogue = a->epilogue,
                       .inputs = a->inputs};
  l.x_row_stride = l.k;
  epilogue e = {.args = &l};
  if (l.epilogue.instruction_count > 0) expr_assign_slots(&l.epilogue, &e.buffers);
  char *scratch = (char *)a->scratch + worker * a->scratch_per_worker;
  if (l.k > 0 && reads_lines(a->w_dtype, a->channels))
    return convolve_lines(a, &l, &e, scratch, worker, workers);

  // Shares are groups of rows, about one block each.
  _Alignas(64) float sums[SUMS];
  l.x = (const float *)scratch;
  const int64_t groups = (rows + FLOAT_ROWS - 1) / FLOAT_ROWS;
  const linear_part part = part_of((int64_t)panel_count((size_t)l.n), groups, worker, workers);
  const int64_t end = least(rows, part.blocks.end * FLOAT_ROWS), begin = part.blocks.begin * FLOAT_ROWS,
                most_rows = a->pairs ? PAIR_ROWS : CHUNK_ROWS,
                chunks = (end - begin + most_rows - 1) / most_rows;
  const size_t plane_stride = a->pairs ? chunk_scratch(a->w_dtype, PAIR_ROWS, l.k) : 0;
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    const share range = share_of(end - begin, (int)chunk, (int)chunks);
    const int64_t row = begin + range.begin;
    const int count = (int)(range.end - range.begin);
    row_blocks blocks = row_blocks_of(l.w_dtype, count, l.k);
    for (int plane = 0; plane < (a->pairs ? PLANES : 1); plane++) {
      char *packed = scratch + (size_t)plane * plane_stride;
      if (is_packed(l.w_dtype)) {
        pack_windows(a, &blocks, l.k, row, plane, packed);
        continue;
      }
      for (int m = 0; m < count; m++)
        for (int32_t k = 0; k < l.k; k += PACKING_RUN)
          gather(a, window_of(a, row + m), plane, k, least(k + PACKING_RUN, l.k),
                 (float *)packed + (ptrdiff_t)m * l.k + k);
    }
    const share all = {0, block_count(&blocks)};
    if (a->pairs)
      multiply_pairs(&e, &l, a, scratch, plane_stride, &blocks, all, part.panels, row, sums);
    else
      multiply_rows(&e, &l, scratch, &blocks, all, part.panels, row, sums);
  }
}
