// Convolutions that make two neighbouring pixels of a line at once, with four multiplications for the six of two windows:
// Winograd's filter F(2, 3) along the lines (Lavin and Gray, arXiv 1509.09308, section 4.1). Of the three pixels g of a
// line of w there are four matrices, and of the four pixels d of the image that both windows cover there are four planes
// of rows, a row a pair:
//   g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2    times    d0 - d2, d1 + d2, d2 - d1, d1 - d3
// Of their products m the two pixels are m0 + m1 + m2 and m1 - m2 - m3.

enum { PLANES = 4, PAIR_ROWS = SUMS / PLANES / (4 * PANEL_ROWS) };

INLINE int64_t pairs_of_line(const act_windows *s) { return ((int64_t)s->out_width + 1) / 2; }

// out = a row of a plane, of `count` channels of four pixels.
static void plane_columns(int plane, const float *const *d, int64_t count, float *out) {
  switch (plane) {
    case 0:
      for (int64_t i = 0; i < count; i++) out[i] = d[0][i] - d[2][i];
      return;
    case 1:
      for (int64_t i = 0; i < count; i++) out[i] = d[1][i] + d[2][i];
      return;
    case 2:
      for (int64_t i = 0; i < count; i++) out[i] = d[2][i] - d[1][i];
      return;
    case 3:
      for (int64_t i = 0; i < count; i++) out[i] = d[1][i] - d[3][i];
      return;
  }
}

static const float zeros[PACKING_RUN];

// out[0 ..< count] = channels `from` and on of a plane's row, from the pixels x to x + 3 of a line of the image; count is
// PACKING_RUN at most.
static void plane_of_line(const act_conv_args *a, int plane, const float *line, int32_t x, int64_t from,
                          int64_t count, float *out) {
  const float *d[4];
  for (int i = 0; i < 4; i++)
    d[i] = x + i < 0 || x + i >= a->windows.width ? zeros : line + (x + i) * a->x_row_stride + from;
  plane_columns(plane, d, count, out);
}

// Packs every plane's rows of a line of an image; without a line, zeros.
static void pack_planes(const act_conv_args *a, rows_layout layout, const float *line, size_t row_stride,
                        size_t plane_stride, char *out) {
  const int64_t pairs = pairs_of_line(&a->windows);
  if (!line) {
    memset(out, 0, PLANES * plane_stride);
    return;
  }
  for (int64_t pair = 0; pair < pairs; pair++)
    for (int plane = 0; plane < PLANES; plane++)
      for (int32_t c = 0; c < a->channels; c += PACKING_RUN) {
        _Alignas(64) float columns[PACKING_RUN];
        const int32_t count = (int32_t)least(PACKING_RUN, a->channels - c);
        plane_of_line(a, plane, line, (int32_t)(2 * pair) - a->windows.left, c, count, columns);
        pack_row(layout, a->w_dtype, columns, count,
                 out + (size_t)plane * plane_stride + (size_t)pair * row_stride +
                     packed_row_bytes(layout, a->w_dtype, (size_t)c));
      }
}

// Both pixels of `rows` pairs, the first of which is `pair`, from the products of their planes, through the epilogue.
static void finish_pairs(epilogue *e, const act_windows *s, int64_t pair, int rows, int64_t column,
                         int columns, float *sums, ptrdiff_t stride) {
  const ptrdiff_t plane = rows * stride;
  for (ptrdiff_t i = 0; i < plane; i += WIDTH) {
    vf m[PLANES];
    for (int p = 0; p < PLANES; p++) m[p] = v_load(sums + p * plane + i);
    v_store(sums + i, m[0] + m[1] + m[2]);
    v_store(sums + plane + i, m[1] - m[2] - m[3]);
  }
  const int64_t of_line = pairs_of_line(s);
  for (int second = 0; second < 2; second++) {
    int32_t places[PAIR_ROWS];
    for (int m = 0; m < rows; m++) {
      const int64_t x = (pair + m) % of_line * 2 + second;
      places[m] = x < s->out_width ? (int32_t)((pair + m) / of_line * s->out_width + x) : NO_PLACE;
    }
    e->places = places;
    finish(e, 0, rows, column, columns, sums + second * plane, stride);
  }
  e->places = NULL;
}

// As multiply_rows, of a chunk of blocks of at most PAIR_ROWS pairs, of which `first_pair` is the first of all blocks; x
// are their rows of the first plane, `plane_stride` bytes before those of the next.
static void multiply_pairs(epilogue *e, const act_linear_args *a, const act_conv_args *conv, const char *x,
                           size_t plane_stride, const row_blocks *blocks, share chunk, share part,
                           int64_t first_pair, float *sums) {
  const int64_t row = rows_of_block(blocks, chunk.begin).begin;
  const int rows = (int)(rows_of_block(blocks, chunk.end - 1).end - row);
  const int64_t chunk_panels = least(EXPR_RUN, SUMS / PLANES / rows) / PANEL_ROWS / 4 * 4;
  for (int64_t panel = part.begin; panel < part.end; panel += chunk_panels) {
    const share panels = {panel, least(panel + chunk_panels, part.end)};
    const ptrdiff_t stride = (panels.end - panels.begin) * PANEL_ROWS;
    act_linear_args plane = *a;
    for (int p = 0; p < PLANES; p++) {
      plane.w = (const char *)a->w + p * conv->w_stride_bytes;
      plane.x = a->x + (size_t)p * plane_stride / sizeof(float);
      multiply_panels(&plane, x + (size_t)p * plane_stride, blocks, chunk, panels, sums + p * rows * stride,
                      stride);
    }
    const int64_t column = panel * PANEL_ROWS;
    finish_pairs(e, &conv->windows, first_pair + row, rows, column,
                 (int)(least(panels.end * PANEL_ROWS, a->n) - column), sums, stride);
  }
}
