// Piecewise-linear functions, one for each column.

INLINE vf load_at_most(const float *p, int n) { return n == WIDTH ? v_load(p) : v_load_first(p, n); }

// The functions of up to WIDTH columns, whose tables have rows of `columns`.
INLINE vf interpolated(vf x, const float *knots, const float *values, int32_t count, int32_t columns, int n) {
  vf knot = load_at_most(knots, n), value = load_at_most(values, n);
  // The points on both sides of x: both the first one, until x lies beyond it.
  vf left = knot, right = knot, low = value, high = value;
  for (int32_t j = 1; j <= count; j++) {
    // Behind the last point lies itself.
    const ptrdiff_t at = (ptrdiff_t)(j < count ? j : count - 1) * columns;
    const vf next_knot = load_at_most(knots + at, n), next_value = load_at_most(values + at, n);
    const vi reached = x >= knot;
    left = v_select(reached, knot, left);
    low = v_select(reached, value, low);
    right = v_select(reached, next_knot, right);
    high = v_select(reached, next_value, high);
    knot = next_knot;
    value = next_value;
  }
  const vf share = v_select(right > left, (x - left) / (right - left), v_splat(0.0f));
  return v_select(x != x, x, low + share * (high - low));
}

static void interpolate(const void *args, int worker, int workers) {
  const act_interpolate_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const int32_t slot = slot_of_row(a->slots, a->rows_per_slot, row);
    const float *x = a->x + row * a->x_row_stride;
    const float *knots = a->knots + slot * a->knots_slot_stride;
    const float *values = a->values + slot * a->values_slot_stride;
    float *out = a->out + row * a->out_row_stride;
    int32_t i = 0;
    for (; i <= a->columns - WIDTH; i += WIDTH)
      v_store(out + i, interpolated(v_load(x + i), knots + i, values + i, a->count, a->columns, WIDTH));
    if (i == a->columns) continue;
    const int n = a->columns - i;
    v_store_first(out + i,
                  interpolated(v_load_first(x + i, n), knots + i, values + i, a->count, a->columns, n), n);
  }
}
