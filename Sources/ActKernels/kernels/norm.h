// RMSNorm and LayerNorm. Sums have four accumulators, so that their additions overlap.

// The sum over columns of (x - shift)^2 where `squares`, else of x.
INLINE float row_sum(const float *x, int32_t columns, float shift, int squares) {
  vf sum[4] = {};
  int32_t i = 0;
  for (; i <= columns - 4 * WIDTH; i += 4 * WIDTH)
    for (int j = 0; j < 4; j++) {
      vf v = v_load(x + i + j * WIDTH);
      sum[j] = squares ? v_fma(v - shift, v - shift, sum[j]) : sum[j] + v;
    }
  for (; i < columns; i += WIDTH) {
    int n = (int)least(WIDTH, columns - i);
    vf v = v_load_first(x + i, n);
    // Lanes past the end hold 0, not the shift.
    if (squares && n < WIDTH && shift != 0.0f) {
      float lanes[WIDTH];
      v_store(lanes, v_splat(shift));
      v = v - v_load_first(lanes, n);
    } else if (squares) {
      v = v - shift;
    }
    sum[0] = squares ? v_fma(v, v, sum[0]) : sum[0] + v;
  }
  v4 four = v_sum4(sum[0], sum[1], sum[2], sum[3]);
  return (four[0] + four[1]) + (four[2] + four[3]);
}

// Where the mean square of a row lies out of this range, its squares may have overflowed, or underflowed.
static const float least_square = 0x1p-80f, most_square = 0x1.fffffep127f;

// out = the row normalised in double, which holds every square of a float. out may be x.
static __attribute__((noinline)) void normalise_in_double(const float *x, int32_t columns, float eps,
                                                          int centred, float *out) {
  double mean = 0.0, square = 0.0;
  if (centred) {
    for (int32_t i = 0; i < columns; i++) mean += (double)x[i];
    mean /= columns;
  }
  for (int32_t i = 0; i < columns; i++) square += ((double)x[i] - mean) * ((double)x[i] - mean);
  const double root = sqrt(square / columns + (double)eps);
  for (int32_t i = 0; i < columns; i++) out[i] = (float)(((double)x[i] - mean) / root);
}

INLINE void norm(const act_norm_args *a, int worker, int workers, int centred) {
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const float *x = a->x + row * a->x_row_stride;
    float *out = a->out + row * a->out_row_stride;
    const int32_t slot = slot_of_row(a->slots, a->rows_per_slot, row);
    const float *gain = a->gain.data ? operand_row(&a->gain, row, slot) : NULL;
    const float *bias = a->bias.data ? operand_row(&a->bias, row, slot) : NULL;
    float mean = centred ? row_sum(x, a->columns, 0.0f, 0) / (float)a->columns : 0.0f;
    const float square = row_sum(x, a->columns, mean, 1) / (float)a->columns + a->eps;
    vf scale = 1.0f / v_sqrt(v_splat(square));
    if (__builtin_expect(!(square >= least_square && square <= most_square), 0)) {
      normalise_in_double(x, a->columns, a->eps, centred, out);
      x = out;
      mean = 0.0f;
      scale = v_splat(1.0f);
    }
    for (int32_t i = 0; i < a->columns; i += WIDTH) {
      int n = (int)least(WIDTH, a->columns - i), whole = n == WIDTH;
      vf v = whole ? v_load(x + i) : v_load_first(x + i, n);
      if (centred) v = v - mean;
      v = v * scale;
      if (gain) {
        const float *p = gain + i * a->gain.column_stride;
        v = v * (a->gain.column_stride == 0 ? v_splat(*p) : whole ? v_load(p) : v_load_first(p, n));
      }
      if (bias) {
        const float *p = bias + i * a->bias.column_stride;
        v = v + (a->bias.column_stride == 0 ? v_splat(*p) : whole ? v_load(p) : v_load_first(p, n));
      }
      if (whole)
        v_store(out + i, v);
      else
        v_store_first(out + i, v, n);
    }
  }
}

static void rms_norm(const void *args, int worker, int workers) { norm(args, worker, workers, 0); }
static void layer_norm(const void *args, int worker, int workers) { norm(args, worker, workers, 1); }
