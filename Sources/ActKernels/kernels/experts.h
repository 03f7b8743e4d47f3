// Products of rows with the matrices that were chosen for them. The rows are sorted by expert, and a worker gathers and
// packs some rows of one into its scratch, to multiply them as a linear layer's.

// The rows of a call in the order of their experts, in a worker's scratch.
typedef struct {
  int32_t *ends;   // of each expert, where its rows end in `order`
  int32_t *order;  // the rows
  char *rest;      // where scratch goes on, at a multiple of 64 bytes
} sorted_rows;

static size_t sorted_bytes(int64_t rows, int64_t experts) {
  return ((size_t)(rows + experts) * sizeof(int32_t) + 63) / 64 * 64;
}

static sorted_rows sort_rows(const act_expert_linear_args *a, char *scratch) {
  sorted_rows s = {(int32_t *)scratch, (int32_t *)scratch + a->experts,
                   scratch + sorted_bytes(a->rows, a->experts)};
  memset(s.ends, 0, (size_t)a->experts * sizeof(int32_t));
  for (int32_t row = 0; row < a->rows; row++) s.ends[a->chosen[row]]++;
  for (int32_t expert = 0, begin = 0; expert < a->experts; expert++) {
    const int32_t count = s.ends[expert];
    s.ends[expert] = begin;
    begin += count;
  }
  for (int32_t row = 0; row < a->rows; row++) s.order[s.ends[a->chosen[row]]++] = row;
  return s;
}

// Rows of one expert that are multiplied together: a range of `order`.
INLINE share chunk_of_expert(const sorted_rows *s, int32_t expert, int64_t chunk, int64_t chunks) {
  const int64_t begin = expert == 0 ? 0 : s->ends[expert - 1];
  const share part = share_of(s->ends[expert] - begin, (int)chunk, (int)chunks);
  return (share){begin + part.begin, begin + part.end};
}
INLINE int64_t chunks_of_expert(const sorted_rows *s, int32_t expert) {
  const int64_t rows = s->ends[expert] - (expert == 0 ? 0 : s->ends[expert - 1]);
  return (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

// What one panel takes of a chunk's time, in rows: to read it counts as much as some of them.
INLINE int64_t panel_cost(share rows) { return rows.end - rows.begin + 4; }

INLINE const float *row_of_x(const act_expert_linear_args *a, int32_t row) {
  return a->x + (ptrdiff_t)(row / a->rows_per_x) * a->x_row_stride;
}

// Gathers rows and packs them, where w is packed; returns where they lie.
static const char *pack_chosen(const act_expert_linear_args *a, const row_blocks *blocks,
                               const int32_t *order, char *out) {
  if (!is_packed(a->w_dtype)) {
    for (int64_t row = 0; row < blocks->line_rows; row++)
      memcpy(out + (size_t)row * (size_t)a->k * sizeof(float), row_of_x(a, order[row]),
             (size_t)a->k * sizeof(float));
    return out;
  }
  if (blocks->line_rows == 1) {
    const float *x = row_of_x(a, order[0]);
    if (blocks->layout == ROWS_F32) return (const char *)x;
    pack_columns(blocks, x, 0, 1, 0, a->k, out);
    return out;
  }
  _Alignas(64) float columns[BLOCK_ROWS * PACKING_RUN];
  for (int64_t block = 0; block < blocks->line_blocks; block++) {
    const share range = rows_of_block(blocks, block);
    const int rows = (int)(range.end - range.begin);
    for (int32_t k = 0; k < a->k; k += PACKING_RUN) {
      const int32_t count = (int32_t)least(PACKING_RUN, a->k - k);
      for (int m = 0; m < rows; m++)
        memcpy(columns + m * PACKING_RUN, row_of_x(a, order[range.begin + m]) + k,
               (size_t)count * sizeof(float));
      pack_columns(blocks, columns, PACKING_RUN, rows, k, count, out + block_at(blocks, block));
    }
  }
  return out;
}

static size_t expert_scratch(int32_t w_dtype, int32_t rows, int32_t experts, int32_t k) {
  if (rows <= 0 || experts <= 0) return 0;
  return sorted_bytes(rows, experts) + chunk_scratch(w_dtype, CHUNK_ROWS, k);
}

static void expert_linear(const void *args, int worker, int workers) {
  const act_expert_linear_args *a = args;
  if (a->rows <= 0 || a->n <= 0) return;
  const sorted_rows s = sort_rows(a, (char *)a->scratch + worker * a->scratch_per_worker);
  act_linear_args l = {.out = a->out,
                       .out_row_stride = a->out_row_stride,
                       .w_dtype = a->w_dtype,
                       .n = a->n,
                       .k = a->k,
                       .rows_per_slot = 1,
                       .epilogue = {.input_count = 1}};
  epilogue e;
  e.args = &l;
  e.places = s.order;
  _Alignas(64) float sums[SUMS];

  // The work is a list of the panels of each chunk, and a share a run of it: most workers pack most chunks that they
  // take for themselves alone.
  const int64_t panels = (int64_t)panel_count((size_t)a->n);
  int64_t total = 0;
  for (int32_t expert = 0; expert < a->experts; expert++)
    for (int64_t chunk = 0, chunks = chunks_of_expert(&s, expert); chunk < chunks; chunk++)
      total += panels * panel_cost(chunk_of_expert(&s, expert, chunk, chunks));
  const share work = share_of(total, worker, workers);
  int64_t at = 0;
  for (int32_t expert = 0; expert < a->experts && at < work.end; expert++)
    for (int64_t chunk = 0, chunks = chunks_of_expert(&s, expert); chunk < chunks; chunk++) {
      const share rows = chunk_of_expert(&s, expert, chunk, chunks);
      const int64_t cost = panel_cost(rows);
      const share part = {most(0, (work.begin - at + cost - 1) / cost),
                          least(panels, (work.end - at + cost - 1) / cost)};
      at += panels * cost;
      if (part.begin >= part.end) continue;
      const row_blocks blocks = row_blocks_of(a->w_dtype, (int)(rows.end - rows.begin), a->k);
      l.w = (const char *)a->w + expert * a->w_stride_bytes;
      const char *x = pack_chosen(a, &blocks, s.order + rows.begin, s.rest);
      l.x = (const float *)x;
      l.x_row_stride = a->k;
      multiply_rows(&e, &l, x, &blocks, (share){0, blocks.line_blocks}, part, rows.begin, sums);
    }
}

static void weighted_sum(const void *args, int worker, int workers) {
  const act_weighted_sum_args *a = args;
  const share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const float *x = a->x + row * a->count * a->x_row_stride,
                *weights = a->weights + row * a->weights_row_stride;
    float *out = a->out + row * a->out_row_stride;
    for (int32_t column = 0; column < a->columns; column += WIDTH) {
      const int n = (int)least(WIDTH, a->columns - column);
      vf sum = {};
      for (int32_t i = 0; i < a->count; i++) {
        const float *p = x + i * a->x_row_stride + column;
        sum = v_fma(n == WIDTH ? v_load(p) : v_load_first(p, n), v_splat(weights[i]), sum);
      }
      if (n == WIDTH)
        v_store(out + column, sum);
      else
        v_store_first(out + column, sum, n);
    }
  }
}
