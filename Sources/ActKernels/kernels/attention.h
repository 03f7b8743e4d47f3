// Attention over cached positions, one block of positions at a time (online softmax).
//
// Blocks begin at multiples of ATTENTION_BLOCK, and a query's block sees only the positions that the query
// sees, in their order; so a row's result does not depend on which rows it is computed with.

#include "attention_tiles.h"

// Queries that share an entry and a kv head: `heads` neighbouring heads of `rows` neighbouring rows.
typedef struct {
  int64_t row;
  int rows;
  int32_t head, heads;
} query_group;

INLINE int is_empty(span s) { return s.begin >= s.end; }
INLINE span common(span a, span b) {
  return (span){a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
}

// A worker's memory. Everything is by query: q and sums [ATTENTION_QUERIES, padded width], weights
// [ATTENTION_QUERIES, ATTENTION_BLOCK], totals [ATTENTION_QUERIES, WIDTH].
typedef struct {
  float *q, *sums, *weights, *totals;
} attention_memory;

// The greater in each lane; b where a is NaN.
INLINE vf v_greater(vf a, vf b) { return v_select(a > b, a, b); }

// What is added to the scores of a query: element r of `of`, from -radius to radius, is for the position r
// after the query's own, `at`; the first position of the block at hand is `first` after it.
typedef struct {
  const float *of;
  int32_t radius, at, first;
} score_bias;

// The biases of the positions j and on of a block.
INLINE vf v_bias(score_bias bias, int32_t j) {
  const int32_t r = bias.first + j, radius = bias.radius;
  if (r >= -radius && r + WIDTH - 1 <= radius) return v_load(bias.of + r);
  vf v;
  for (int i = 0; i < WIDTH; i++) v[i] = bias.of[most(-radius, least(radius, r + i))];
  return v;
}

// Scores in units of log2 from products that the soft cap or biases change, or of which some share a vector with
// positions that are not seen, and become -inf.
static void adjust_scores(float soft_cap, score_bias bias, float *scores, span seen) {
  vi lane;
  for (int i = 0; i < WIDTH; i++) lane[i] = i;
  for (int j = seen.begin / WIDTH * WIDTH; j < seen.end; j += WIDTH) {
    vf score = v_load(scores + j);
    if (soft_cap != 0.0f) score = (soft_cap * LOG2_E) * v_tanh(score);
    if (bias.of) score = v_fma(v_bias(bias, j), v_splat(LOG2_E), score);
    score = v_select((lane + j >= seen.begin) & (lane + j < seen.end), score, v_splat(-__builtin_inff()));
    v_store(scores + j, score);
  }
}

// The greatest score of one query at the positions of `seen`, NaN left out.
INLINE float greatest_score(const float *scores, span seen) {
  vf greatest = v_splat(-__builtin_inff());
  for (int j = seen.begin / WIDTH * WIDTH; j < seen.end; j += WIDTH)
    greatest = v_greater(v_load(scores + j), greatest);
  return v_greatest_lane(greatest);
}

// Turns scores into weights 2^(score - greatest), bf16 where `paired`, and returns their sums by lane.
INLINE vf exp_scores(float *scores, span seen, float greatest, const int paired) {
  vf sum = {};
  for (int j = seen.begin / WIDTH * WIDTH; j < seen.end; j += WIDTH) {
    vf weight = v_exp2_falling(v_load(scores + j) - greatest);
    if (paired)
      v_store_u16((uint16_t *)scores + j, v_to_bf16_normal(weight));
    else
      v_store(scores + j, weight);
    sum = sum + weight;
  }
  return sum;
}

// Turns the scores of a block into weights relative to the greatest score of each query so far, and brings
// what was summed before to that. One pass for all queries after another, so that their latencies overlap.
static void weigh_scores(const act_attention_args *a, int queries, const span *seen, const score_bias *biases,
                         ptrdiff_t padded, float *greatest, const attention_memory *memory) {
  float factor[ATTENTION_QUERIES];
  for (int i = 0; i < queries; i++) {
    if (is_empty(seen[i])) continue;
    float before = greatest[i], *scores = memory->weights + i * ATTENTION_BLOCK;
    if (a->soft_cap != 0.0f || a->bias || seen[i].begin % WIDTH || seen[i].end % WIDTH)
      adjust_scores(a->soft_cap, biases[i], scores, seen[i]);
    const float now = greatest_score(scores, seen[i]);
    greatest[i] = now > before ? now : before;
    factor[i] = before - greatest[i];
  }
  for (int i = 0; i < queries; i++) {
    if (is_empty(seen[i]) || factor[i] == 0.0f) continue;
    vf f = v_exp2_falling(v_splat(factor[i]));
    float *totals = memory->totals + i * WIDTH, *sums = memory->sums + i * padded;
    v_store(totals, v_load(totals) * f);
    for (ptrdiff_t d = 0; d < padded; d += WIDTH) v_store(sums + d, v_load(sums + d) * f);
  }
  for (int i = 0; i < queries; i++) {
    if (is_empty(seen[i])) continue;
    float *totals = memory->totals + i * WIDTH;
    float *scores = memory->weights + i * ATTENTION_BLOCK;
    vf sum = PAIRED(a->cache_dtype) ? exp_scores(scores, seen[i], greatest[i], 1)
                                    : exp_scores(scores, seen[i], greatest[i], 0);
    v_store(totals, v_load(totals) + sum);
  }
}

INLINE span seen_by(const act_attention_args *a, int64_t row) {
  const int32_t begin = a->begins[row], end = a->ends[row];
  return begin < end ? (span){begin, end} : (span){0, 0};
}

// The bias of a row and head, in no block yet.
INLINE score_bias bias_of(const act_attention_args *a, int64_t row, int32_t head) {
  if (!a->bias) return (score_bias){0};
  const ptrdiff_t size = 2 * (ptrdiff_t)a->bias_radius + 1;
  return (score_bias){
      .of = a->bias + head * size + a->bias_radius, .radius = a->bias_radius, .at = a->positions[row]};
}

// sums[q] += the weighted values of the positions that each query sees. What a tile of queries all see they
// read together, in between what each sees alone; no pair is split between the two.
static void weigh(const attention_tiles *tiles, int paired, int queries, const span *seen,
                  const uint32_t *values, ptrdiff_t padded, const attention_memory *memory) {
  for (int i = 0, count; i < queries; i += count) {
    count = 1;
    if (is_empty(seen[i])) continue;
    span shared = seen[i];
    int same = 1;
    while (count < QUERY_TILE && i + count < queries && !is_empty(common(shared, seen[i + count]))) {
      same &= seen[i + count].begin == seen[i].begin && seen[i + count].end == seen[i].end;
      shared = common(shared, seen[i + count++]);
    }
    if (paired && !same) shared = (span){(shared.begin + 1) / 2 * 2, shared.end / 2 * 2};
    const float *weights = memory->weights + i * ATTENTION_BLOCK;
    float *sums = memory->sums + i * padded;
    for (int m = 0; m < count; m++)
      if (seen[i + m].begin < shared.begin)
        tiles[0].weigh(weights + m * ATTENTION_BLOCK, values, padded, (span){seen[i + m].begin, shared.begin},
                       sums + m * padded);
    tiles[count - 1].weigh(weights, values, padded, shared, sums);
    for (int m = 0; m < count; m++)
      if (shared.end < seen[i + m].end)
        tiles[0].weigh(weights + m * ATTENTION_BLOCK, values, padded, (span){shared.end, seen[i + m].end},
                       sums + m * padded);
  }
}

static void attend(const act_attention_args *a, query_group group, const attention_memory *memory) {
  const int32_t width = a->head_width;
  const ptrdiff_t padded = attention_padded(width);
  const int queries = group.rows * group.heads;
  const attention_tiles *tiles = attention_tiles_of[a->cache_dtype];
  // Scores come out in units of log2, or, for the soft cap, of the cap.
  const float scale = a->soft_cap != 0.0f ? a->scale / a->soft_cap : a->scale * LOG2_E;
  float greatest[ATTENTION_QUERIES];
  score_bias biases[ATTENTION_QUERIES];
  span sees[ATTENTION_QUERIES];
  span all = {INT32_MAX, 0};
  memset(memory->sums, 0, (size_t)(queries * padded) * sizeof(float));
  memset(memory->totals, 0, sizeof(float) * WIDTH * (size_t)queries);
  for (int i = 0; i < queries; i++) {
    int64_t row = group.row + i / group.heads;
    const float *q = a->q + row * a->q_row_stride + (group.head + i % group.heads) * (ptrdiff_t)width;
    for (int32_t d = 0; d < padded; d++) memory->q[i * padded + d] = d < width ? q[d] * scale : 0.0f;
    for (int32_t d = 0; PAIRED(a->cache_dtype) && d < padded; d += WIDTH)
      v_store_u16((uint16_t *)(memory->q + i * padded) + d, v_to_bf16(v_load(memory->q + i * padded + d)));
    greatest[i] = -__builtin_inff();
    sees[i] = seen_by(a, row);
    biases[i] = bias_of(a, row, group.head + i % group.heads);
    if (is_empty(sees[i])) continue;
    all.begin = (int32_t)least(all.begin, sees[i].begin);
    all.end = (int32_t)most(all.end, sees[i].end);
  }

  const int32_t entry = a->entries[group.row];
  const ptrdiff_t block_words = ATTENTION_BLOCK * padded / (a->cache_dtype == ACT_F32 ? 1 : 2);
  const int32_t kv_head = group.head / (a->heads / a->kv_heads);
  // Without a position in sight there is no block either.
  for (int32_t block = all.begin / ATTENTION_BLOCK; block * ATTENTION_BLOCK < all.end; block++) {
    const ptrdiff_t at = (attention_place(block, a->ring) * a->kv_heads + kv_head) * block_words;
    const uint32_t *keys = (const uint32_t *)a->keys[entry] + at;
    const uint32_t *values = (const uint32_t *)a->values[entry] + at;
    const int32_t start = block * ATTENTION_BLOCK;
    const span whole = {0, ATTENTION_BLOCK};
    const span any = common((span){all.begin - start, all.end - start}, whole);
    for (int i = 0; i < queries; i += QUERY_TILE) {
      int count = (int)least(QUERY_TILE, queries - i);
      tiles[count - 1].score(memory->q + i * padded, padded, keys, width, any,
                             memory->weights + i * ATTENTION_BLOCK);
    }
    span seen[ATTENTION_QUERIES];
    for (int i = 0; i < queries; i++) {
      seen[i] = common((span){sees[i].begin - start, sees[i].end - start}, whole);
      biases[i].first = start - biases[i].at;
    }
    weigh_scores(a, queries, seen, biases, padded, greatest, memory);
    weigh(tiles, PAIRED(a->cache_dtype), queries, seen, values, padded, memory);
  }

  for (int i = 0; i < queries; i++) {
    int64_t row = group.row + i / group.heads;
    float *out = a->out + row * a->out_row_stride + (group.head + i % group.heads) * (ptrdiff_t)width;
    vf none = {};
    const float total = v_sum4(v_load(memory->totals + i * WIDTH), none, none, none)[0];
    const float share_of_one = is_empty(sees[i]) ? 0.0f : 1.0f / total;
    for (int32_t d = 0; d < width; d += WIDTH) {
      vf result = v_load(memory->sums + i * padded + d) * share_of_one;
      if (width - d >= WIDTH)
        v_store(out + d, result);
      else
        v_store_first(out + d, result, width - d);
    }
  }
}

// The number of neighbouring rows from `row` on that are of one entry, at most `limit`.
INLINE int run_of_rows(const act_attention_args *a, int64_t row, int limit) {
  int rows = 1;
  while (rows < limit && row + rows < a->rows && a->entries[row + rows] == a->entries[row]) rows++;
  return rows;
}

// What a run of rows costs a kv head: the positions that it reads for each row.
INLINE int64_t cost_of_run(const act_attention_args *a, int64_t row, int rows) {
  int64_t cost = 0;
  for (int i = 0; i < rows; i++) {
    span seen = seen_by(a, row + i);
    cost += seen.end - seen.begin + ATTENTION_BLOCK / 2;
  }
  return cost;
}

static void attention(const void *args, int worker, int workers) {
  const act_attention_args *a = args;
  if (a->rows <= 0 || a->heads <= 0) return;
  const ptrdiff_t padded = attention_padded(a->head_width);
  float *scratch = a->scratch + worker * a->scratch_per_worker;
  attention_memory memory = {.q = scratch,
                             .sums = scratch + ATTENTION_QUERIES * padded,
                             .weights = scratch + 2 * ATTENTION_QUERIES * padded,
                             .totals = scratch + ATTENTION_QUERIES * (2 * padded + ATTENTION_BLOCK)};
  const int32_t grouped = a->heads / a->kv_heads;
  const int limit = (int)most(1, ATTENTION_QUERIES / grouped);
  int64_t items = 0, total = 0;
  for (int64_t row = 0; row < a->rows;) {
    int rows = run_of_rows(a, row, limit);
    items += a->kv_heads;
    total += a->kv_heads * cost_of_run(a, row, rows);
    row += rows;
  }
  // With enough runs, or few heads, workers take kv heads of runs, in order, of the same cost; else each takes
  // its share of the heads of every run.
  const int by_head = items < 4 * workers && items < a->heads;
  share heads = by_head ? share_of(a->heads, worker, workers) : (share){0, a->heads};
  int64_t done = 0;
  for (int64_t row = 0; row < a->rows;) {
    int rows = run_of_rows(a, row, limit);
    int64_t cost = cost_of_run(a, row, rows);
    for (int32_t kv_head = 0; kv_head < a->kv_heads; kv_head++, done += cost) {
      if (!by_head && (done + cost / 2) * workers / total != worker) continue;
      int32_t begin = (int32_t)most(heads.begin, kv_head * grouped);
      int32_t end = (int32_t)least(heads.end, (kv_head + 1) * grouped);
      for (int32_t head = begin; head < end; head += ATTENTION_QUERIES)
        attend(a, (query_group){row, rows, head, (int32_t)least(ATTENTION_QUERIES, end - head)}, &memory);
    }
    row += rows;
  }
}
