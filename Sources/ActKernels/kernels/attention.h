// Causal attention over the cached positions, one block of positions at a time (online softmax).
//
// Blocks begin at multiples of ATTENTION_BLOCK, and a query's block sees only the positions that the query
// sees, in their order; so a row's result does not depend on which rows it is computed with.

// Vectors of a value row that are weighted at once, for up to 4 queries.
enum { VALUE_VECTORS = ACCUMULATORS == 24 ? 4 : 2 };

// Queries that share a sequence and a kv head: `heads` neighbouring heads of `rows` neighbouring rows.
typedef struct {
  int64_t row;
  int rows;
  int32_t head, heads;
} query_group;

// out[q, 0 ..< vectors * WIDTH] += sum over j in [begin, end) of weights[q, j] * values[j, ...], in the order
// of j.
INLINE void weigh_tile(const int queries, const int vectors, const int rest, const float *weights,
                       const float *values, ptrdiff_t value_stride, int begin, int end, float *out,
                       ptrdiff_t out_stride) {
  vf sum[4][VALUE_VECTORS];
  for (int q = 0; q < queries; q++)
    for (int i = 0; i < vectors; i++) sum[q][i] = v_load(out + q * out_stride + i * WIDTH);
  for (int j = begin; j < end; j++) {
    const float *value = values + j * value_stride;
    vf v[VALUE_VECTORS];
    for (int i = 0; i < vectors; i++) v[i] = rest ? v_load_first(value, rest) : v_load(value + i * WIDTH);
    for (int q = 0; q < queries; q++) {
      vf weight = v_splat(weights[q * ATTENTION_BLOCK + j]);
      for (int i = 0; i < vectors; i++) sum[q][i] = v_fma(weight, v[i], sum[q][i]);
    }
  }
  for (int q = 0; q < queries; q++)
    for (int i = 0; i < vectors; i++) v_store(out + q * out_stride + i * WIDTH, sum[q][i]);
}

INLINE void weigh_queries(const int queries, const float *weights, const float *values,
                          ptrdiff_t value_stride, int begin, int end, int32_t width, float *out,
                          ptrdiff_t out_stride) {
  int32_t i = 0;
  for (; i <= width - VALUE_VECTORS * WIDTH; i += VALUE_VECTORS * WIDTH)
    weigh_tile(queries, VALUE_VECTORS, 0, weights, values + i, value_stride, begin, end, out + i, out_stride);
  for (; i < width; i += WIDTH)
    weigh_tile(queries, 1, (int)least(WIDTH, width - i), weights, values + i, value_stride, begin, end,
               out + i, out_stride);
}

static void weigh(int queries, const float *weights, const float *values, ptrdiff_t value_stride, int begin,
                  int end, int32_t width, float *out, ptrdiff_t out_stride) {
  switch (queries) {
    case 1: weigh_queries(1, weights, values, value_stride, begin, end, width, out, out_stride); break;
    case 2: weigh_queries(2, weights, values, value_stride, begin, end, width, out, out_stride); break;
    case 3: weigh_queries(3, weights, values, value_stride, begin, end, width, out, out_stride); break;
    default: weigh_queries(4, weights, values, value_stride, begin, end, width, out, out_stride); break;
  }
}

// Turns the scores of one query in [begin, end) of a block into weights e^(score - greatest), 0 outside,
// where `greatest` is the greatest score so far; adds them to `total` and returns the factor that brings
// earlier weights to the new greatest.
static float soften(const act_attention_args *a, float *scores, int begin, int end, float *greatest,
                    float *total) {
  vi lane;
  for (int i = 0; i < WIDTH; i++) lane[i] = i;
  vf block_greatest = v_splat(-__builtin_inff());
  for (int j = 0; j < ATTENTION_BLOCK; j += WIDTH) {
    vf score = v_load(scores + j) * a->scale;
    if (a->soft_cap != 0.0f) score = a->soft_cap * v_tanh(score / a->soft_cap);
    vi position = lane + j;
    score = v_select((position >= begin) & (position < end), score, v_splat(-__builtin_inff()));
    v_store(scores + j, score);
    block_greatest = v_max(block_greatest, score);
  }
  float new_greatest = *greatest;
  for (int i = 0; i < WIDTH; i++)
    if (!(block_greatest[i] <= new_greatest)) new_greatest = block_greatest[i];
  vf sum = {};
  for (int j = 0; j < ATTENTION_BLOCK; j += WIDTH) {
    vf weight = v_exp(v_load(scores + j) - new_greatest);
    v_store(scores + j, weight);
    sum += weight;
  }
  vf none = {};
  float factor = v_exp(v_splat(*greatest - new_greatest))[0];
  *total = *total * factor + v_sum4(sum, none, none, none)[0];
  *greatest = new_greatest;
  return factor;
}

INLINE int32_t first_position(const act_attention_args *a, int32_t position) {
  return a->window > 0 && position >= a->window ? position - a->window + 1 : 0;
}

static void attend(const act_attention_args *a, query_group group, float *scratch) {
  const int32_t width = a->head_width;
  const ptrdiff_t padded = (width + WIDTH - 1) / WIDTH * WIDTH;
  const int queries = group.rows * group.heads;
  float *q = scratch, *sums = q + ATTENTION_QUERIES * padded, *scores = sums + ATTENTION_QUERIES * padded;
  float greatest[ATTENTION_QUERIES], total[ATTENTION_QUERIES];
  int32_t first[ATTENTION_QUERIES], last[ATTENTION_QUERIES], lowest = INT32_MAX, highest = 0;
  for (int i = 0; i < queries; i++) {
    int64_t row = group.row + i / group.heads;
    memcpy(q + i * padded, a->q + row * a->q_row_stride + (group.head + i % group.heads) * (ptrdiff_t)width,
           (size_t)width * sizeof(float));
    memset(sums + i * padded, 0, (size_t)padded * sizeof(float));
    greatest[i] = -__builtin_inff();
    total[i] = 0.0f;
    last[i] = a->positions[row];
    first[i] = first_position(a, last[i]);
    lowest = (int32_t)least(lowest, first[i]);
    highest = (int32_t)most(highest, last[i]);
  }

  const int32_t sequence = a->sequences[group.row];
  const ptrdiff_t stride = (ptrdiff_t)a->kv_heads * width;
  const ptrdiff_t offset = (ptrdiff_t)(group.head / (a->heads / a->kv_heads)) * width;
  for (int32_t block = lowest / ATTENTION_BLOCK * ATTENTION_BLOCK; block <= highest;
       block += ATTENTION_BLOCK) {
    const float *keys = a->keys[sequence] + block * stride + offset;
    const float *values = a->values[sequence] + block * stride + offset;
    int positions = (int)least(ATTENTION_BLOCK, highest - block + 1);
    dot_block(ACT_F32, q, padded, queries, keys, stride * (ptrdiff_t)sizeof(float), positions, width, scores,
              ATTENTION_BLOCK);
    int begin[ATTENTION_QUERIES], end[ATTENTION_QUERIES];
    for (int i = 0; i < queries; i++) {
      begin[i] = (int)most(0, first[i] - block);
      end[i] = (int)least(ATTENTION_BLOCK, last[i] - block + 1);
      if (begin[i] >= end[i]) continue;
      float factor = soften(a, scores + i * ATTENTION_BLOCK, begin[i], end[i], &greatest[i], &total[i]);
      for (ptrdiff_t d = 0; factor != 1.0f && d < padded; d += WIDTH)
        v_store(sums + i * padded + d, v_load(sums + i * padded + d) * factor);
    }
    // Queries that see the same positions share the loads of the values.
    for (int i = 0, together; i < queries; i += together) {
      together = 1;
      if (begin[i] >= end[i]) continue;
      while (together < 4 && i + together < queries && begin[i + together] == begin[i] &&
             end[i + together] == end[i])
        together++;
      weigh(together, scores + i * ATTENTION_BLOCK, values, stride, begin[i], end[i], width,
            sums + i * padded, padded);
    }
  }

  for (int i = 0; i < queries; i++) {
    int64_t row = group.row + i / group.heads;
    float *out = a->out + row * a->out_row_stride + (group.head + i % group.heads) * (ptrdiff_t)width;
    for (int32_t d = 0; d < width; d += WIDTH)
      v_store_first(out + d, v_load(sums + i * padded + d) / total[i], (int)least(WIDTH, width - d));
  }
}

// The number of neighbouring rows from `row` on that are of one sequence, at most `limit`.
INLINE int run_of_rows(const act_attention_args *a, int64_t row, int limit) {
  int rows = 1;
  while (rows < limit && row + rows < a->rows && a->sequences[row + rows] == a->sequences[row]) rows++;
  return rows;
}

static void attention(const void *args, int worker, int workers) {
  const act_attention_args *a = args;
  float *scratch = a->scratch + worker * a->scratch_per_worker;
  const int32_t grouped = a->heads / a->kv_heads;
  const int limit = (int)most(1, ATTENTION_QUERIES / grouped);
  int64_t runs = 0;
  for (int64_t row = 0; row < a->rows; row += run_of_rows(a, row, limit)) runs++;
  // With enough runs, workers take whole kv heads in turn, which spreads the long rows; else each takes its
  // share of the heads of every run.
  const int by_head = runs * a->kv_heads < 4 * workers;
  share heads = by_head ? share_of(a->heads, worker, workers) : (share){0, a->heads};
  int64_t item = 0;
  for (int64_t row = 0; row < a->rows;) {
    int rows = run_of_rows(a, row, limit);
    for (int32_t kv_head = 0; kv_head < a->kv_heads; kv_head++) {
      if (!by_head && item++ % workers != worker) continue;
      int32_t begin = (int32_t)most(heads.begin, kv_head * grouped);
      int32_t end = (int32_t)least(heads.end, (kv_head + 1) * grouped);
      for (int32_t head = begin; head < end; head += ATTENTION_QUERIES)
        attend(a, (query_group){row, rows, head, (int32_t)least(ATTENTION_QUERIES, end - head)}, scratch);
    }
    row += rows;
  }
}
