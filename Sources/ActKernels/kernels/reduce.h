// Reductions of rows, and softmax.

enum { REDUCE_RUN = 16 * 4 * WIDTH };

INLINE float total_of_lanes(const vf *sum) {
  v4 four = v_sum4(sum[0], sum[1], sum[2], sum[3]);
  return (four[0] + four[1]) + (four[2] + four[3]);
}

// Runs of columns are summed apart, so that no accumulator takes many terms.
static float sum_of_row(const float *x, int32_t columns) {
  vf total[4] = {};
  for (int32_t begin = 0; begin < columns; begin += REDUCE_RUN) {
    const int32_t end = (int32_t)least(columns, (int64_t)begin + REDUCE_RUN);
    vf sum[4] = {};
    int32_t i = begin;
    for (; i <= end - 4 * WIDTH; i += 4 * WIDTH)
      for (int j = 0; j < 4; j++) sum[j] = sum[j] + v_load(x + i + j * WIDTH);
    for (; i < end; i += WIDTH) sum[0] = sum[0] + v_load_first(x + i, (int)least(WIDTH, end - i));
    for (int j = 0; j < 4; j++) total[j] = total[j] + sum[j];
  }
  return total_of_lanes(total);
}

// The largest, or the largest of the negatives.
INLINE float largest_of_row(const float *x, int32_t columns, const int is_smallest) {
  const vf none = v_splat(-__builtin_inff());
  vf largest[4] = {none, none, none, none};
  int32_t i = 0;
  for (; i <= columns - 4 * WIDTH; i += 4 * WIDTH)
    for (int j = 0; j < 4; j++) {
      vf v = v_load(x + i + j * WIDTH);
      largest[j] = v_max(is_smallest ? v_negate(v) : v, largest[j]);
    }
  for (; i < columns; i += WIDTH) {
    float lanes[WIDTH];
    v_store(lanes, is_smallest ? v_negate(none) : none);
    memcpy(lanes, x + i, (size_t)least(WIDTH, columns - i) * sizeof(float));
    vf v = v_load(lanes);
    largest[0] = v_max(is_smallest ? v_negate(v) : v, largest[0]);
  }
  float lanes[WIDTH], result = -__builtin_inff();
  v_store(lanes, v_max(v_max(largest[0], largest[1]), v_max(largest[2], largest[3])));
  for (int lane = 0; lane < WIDTH; lane++)
    if (lanes[lane] > result || lanes[lane] != lanes[lane]) result = lanes[lane];
  return result;
}

static void reduce(const void *args, int worker, int workers) {
  const act_reduce_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const float *x = a->x + row * a->x_row_stride;
    float *out = a->out + row * a->out_stride;
    switch ((act_reduction)a->reduction) {
      case ACT_REDUCE_SUM: *out = sum_of_row(x, a->columns); break;
      case ACT_REDUCE_MEAN: *out = sum_of_row(x, a->columns) / (float)a->columns; break;
      case ACT_REDUCE_MAX: *out = largest_of_row(x, a->columns, 0); break;
      case ACT_REDUCE_MIN: *out = -largest_of_row(x, a->columns, 1); break;
    }
  }
}

static void softmax(const void *args, int worker, int workers) {
  const act_softmax_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const float *x = a->x + row * a->x_row_stride;
    float *out = a->out + row * a->out_row_stride;
    const float largest = largest_of_row(x, a->columns, 0);
    for (int32_t i = 0; i < a->columns; i += WIDTH) {
      const int n = (int)least(WIDTH, a->columns - i);
      if (n == WIDTH)
        v_store(out + i, v_exp(v_load(x + i) - largest));
      else
        v_store_first(out + i, v_exp(v_load_first(x + i, n) - largest), n);
    }
    const float factor = 1.0f / sum_of_row(out, a->columns);
    for (int32_t i = 0; i < a->columns; i += WIDTH) {
      const int n = (int)least(WIDTH, a->columns - i);
      if (n == WIDTH)
        v_store(out + i, v_load(out + i) * factor);
      else
        v_store_first(out + i, v_load_first(out + i, n) * factor, n);
    }
  }
}
