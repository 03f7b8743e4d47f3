// Products of rows with a matrix: how the work is split, cut into blocks that the caches hold, and finished
// by the epilogue.

enum {
  // Sums that wait for the epilogue: 48 KiB.
  SUMS = 12 * 1024,
  CHUNK_ROWS = 96,
  // Bytes of a panel that the rows of a chunk pass over at once.
  CHUNK_PANEL_BYTES = 32 * 1024,
};

// The part of a product that one worker does: a range of panels and a range of blocks of rows.
typedef struct {
  share panels, blocks;
} linear_part;

// Splits the panels between workers; and the rows too, where that leaves less to the busiest.
static linear_part part_of(int64_t panels, int64_t blocks, int worker, int workers) {
  int by_panel = 1;
  int64_t least_work = INT64_MAX;
  for (int p = workers; p >= 1; p--) {
    if (workers % p) continue;
    int rows = workers / p;
    int64_t work = ((panels + p - 1) / p) * ((blocks + rows - 1) / rows);
    if (work < least_work) least_work = work, by_panel = p;
  }
  return (linear_part){share_of(panels, worker % by_panel, by_panel),
                       share_of(blocks, worker / by_panel, workers / by_panel)};
}

// The epilogue of one linear call.
typedef struct {
  const act_linear_args *args;
  expr_buffers buffers;
  const int32_t *places;  // the row of out that each row is, or NO_PLACE; null where it is the row itself
} epilogue;

enum { NO_PLACE = -1 };

// The rows row ..< row + rows of out, column ..< column + columns, from sums, which lie `stride` apart.
static void finish(epilogue *e, int64_t row, int rows, int64_t column, int columns, const float *sums,
                   ptrdiff_t stride) {
  const act_linear_args *a = e->args;
  ptrdiff_t strides[ACT_EXPR_MAX_INPUTS] = {1};
  const float *data[ACT_EXPR_MAX_INPUTS];
  for (int i = 1; i < a->epilogue.input_count; i++) strides[i] = a->inputs.at[i].column_stride;
  for (int m = 0; m < rows; m++, sums += stride) {
    const int64_t place = e->places ? e->places[row + m] : row + m;
    if (place == NO_PLACE) continue;
    float *out = a->out + place * a->out_row_stride + column;
    if (a->epilogue.instruction_count == 0) {
      memcpy(out, sums, (size_t)columns * sizeof(float));
      continue;
    }
    const int32_t slot = slot_of_row(a->slots, a->rows_per_slot, place);
    data[0] = sums;
    for (int i = 1; i < a->epilogue.input_count; i++)
      data[i] = operand_row(&a->inputs.at[i], place, slot) + column * strides[i];
    expr_row(&a->epilogue, &e->buffers, data, strides, columns, out);
  }
}

// Prefetches what the epilogue of some rows will read and write, to arrive while their products are computed.
static void prefetch_rows(const epilogue *e, int64_t row, int rows, int64_t column, int columns) {
  const act_linear_args *a = e->args;
  for (int m = 0; m < rows; m++) {
    const int64_t place = e->places ? e->places[row + m] : row + m;
    const int32_t slot = slot_of_row(a->slots, a->rows_per_slot, place);
    const float *out = a->out + place * a->out_row_stride + column;
    for (int c = 0; c < columns; c += 16) __builtin_prefetch(out + c, 1, 2);
    for (int i = 1; i < a->epilogue.input_count; i++) {
      const act_operand *o = &a->inputs.at[i];
      if (o->row_stride == 0 || o->column_stride == 0 || o->data == a->out) continue;
      const float *x = operand_row(o, place, slot) + column;
      for (int c = 0; c < columns; c += 16) __builtin_prefetch(x + c, 0, 2);
    }
  }
}

// sums = the products of some blocks of packed rows with some panels. `stride` counts floats.
static void multiply_chunk(const act_linear_args *a, const char *x, const row_blocks *blocks, share chunk,
                           share panels, float *sums, ptrdiff_t stride) {
  const size_t panel_stride = panel_bytes(a->w_dtype, (size_t)a->k);
  const share first = rows_of_block(blocks, chunk.begin);
  // One block of rows has no second use for a panel.
  int32_t run = (int32_t)(CHUNK_PANEL_BYTES / panel_bytes(a->w_dtype, QUANT_GROUP)) * QUANT_GROUP;
  if (chunk.end - chunk.begin == 1) run = a->k;
  for (int32_t k = 0; k < a->k; k += run) {
    const int32_t columns = (int32_t)least(run, a->k - k);
    const size_t w_at = panel_at(a->w_dtype, (size_t)k);
    int taken = panels_at_once(blocks->layout, (int)(first.end - first.begin));
    for (int64_t panel = panels.begin; panel < panels.end; panel += taken) {
      if (panels.end - panel < taken) taken = 1;
      const char *w = (const char *)a->w + (size_t)panel * panel_stride + w_at;
      for (int64_t block = chunk.begin; block < chunk.end; block++) {
        const share rows = rows_of_block(blocks, block);
        const lines_ahead ahead =
            lines_ahead_of(w, panel_stride, taken, panel_bytes(a->w_dtype, (size_t)columns),
                           block - chunk.begin, chunk.end - chunk.begin);
        multiply(a->w_dtype, (int)(rows.end - rows.begin), taken, x + block_at(blocks, block), blocks, k, w,
                 panel_stride, columns, k == 0,
                 sums + (rows.begin - first.begin) * stride + (panel - panels.begin) * PANEL_ROWS, stride,
                 ahead);
      }
    }
  }
}

// The same for a matrix of any type: packed rows lie at x, others at a->x.
static void multiply_panels(const act_linear_args *a, const char *x, const row_blocks *blocks, share chunk,
                            share panels, float *sums, ptrdiff_t stride) {
  const int64_t row = rows_of_block(blocks, chunk.begin).begin;
  const int rows = (int)(rows_of_block(blocks, chunk.end - 1).end - row);
  const int64_t column = panels.begin * PANEL_ROWS;
  const size_t bytes = (size_t)a->k * width_in_bytes(a->w_dtype);
  if (a->k == 0)
    memset(sums, 0, (size_t)(rows * stride) * sizeof(float));
  else if (is_packed(a->w_dtype))
    multiply_chunk(a, x, blocks, chunk, panels, sums, stride);
  else
    dot_block(a->w_dtype, a->x + row * a->x_row_stride, a->x_row_stride, rows,
              (const char *)a->w + (size_t)column * bytes, (ptrdiff_t)bytes,
              (int)(least(panels.end * PANEL_ROWS, a->n) - column), a->k, sums, stride);
}

// The products of a chunk of blocks of rows with some panels, through the epilogue. The rows of the result begin at
// `first_row` for the first of `blocks`; x are its packed rows where w is packed, and not read else.
static void multiply_rows(epilogue *e, const act_linear_args *a, const char *x, const row_blocks *blocks,
                          share chunk, share part, int64_t first_row, float *sums) {
  const int64_t row = rows_of_block(blocks, chunk.begin).begin;
  const int rows = (int)(rows_of_block(blocks, chunk.end - 1).end - row);
  const int64_t chunk_panels = least(EXPR_RUN, SUMS / rows) / PANEL_ROWS / 4 * 4;
  for (int64_t panel = part.begin; panel < part.end; panel += chunk_panels) {
    share panels = {panel, least(panel + chunk_panels, part.end)};
    const ptrdiff_t stride = (panels.end - panels.begin) * PANEL_ROWS;
    const int64_t column = panel * PANEL_ROWS;
    const int columns = (int)(least(panels.end * PANEL_ROWS, a->n) - column);
    if (rows > 1) prefetch_rows(e, first_row + row, rows, column, columns);
    multiply_panels(a, x, blocks, chunk, panels, sums, stride);
    finish(e, first_row + row, rows, column, columns, sums, stride);
  }
}

// Blocks of rows that pass over a panel together.
INLINE int64_t blocks_of_chunk(const row_blocks *blocks) {
  return most(1, CHUNK_ROWS / ((blocks->line_rows + blocks->line_blocks - 1) / blocks->line_blocks));
}

static void linear(const void *args, int worker, int workers) {
  const act_linear_args *a = args;
  if (a->rows <= 0 || a->n <= 0) return;
  const int packed = is_packed(a->w_dtype);
  row_blocks blocks = row_blocks_of(a->w_dtype, a->rows, a->k);
  if (!packed) blocks.line_blocks = (a->rows + TILE_ROWS - 1) / TILE_ROWS;
  const linear_part part = part_of((int64_t)panel_count((size_t)a->n), blocks.line_blocks, worker, workers);

  epilogue e = {.args = a};
  if (a->epilogue.instruction_count > 0) expr_assign_slots(&a->epilogue, &e.buffers);
  _Alignas(64) char own_row[OWN_ROW_BYTES];
  _Alignas(64) float sums[SUMS];
  const char *x = a->packed_x;
  if (packed && linear_scratch(a->w_dtype, a->rows, a->k) == 0) {
    x = (const char *)a->x;
    if (blocks.layout == ROWS_F32) {
      blocks.row_stride = (size_t)a->x_row_stride * sizeof(float);
    } else {
      pack_row_block(a, &blocks, 0, 0, a->k, own_row);
      x = own_row;
    }
  }

  const int64_t chunk_blocks = blocks_of_chunk(&blocks);
  for (int64_t block = part.blocks.begin; block < part.blocks.end; block += chunk_blocks) {
    share chunk = {block, least(block + chunk_blocks, part.blocks.end)};
    multiply_rows(&e, a, x, &blocks, chunk, part.panels, 0, sums);
  }
}
