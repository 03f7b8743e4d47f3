// Mean and variance of each channel over the rows of an entry.

typedef double vd __attribute__((vector_size(8 * WIDTH)));

// Channels whose sums a worker holds at once, and rows that it reads of them before it goes on to the next vectors: a
// block of rows stays in its cache.
enum { MOMENT_CHANNELS = 512, MOMENT_ROWS = 32, MOMENT_VECTORS = 4 };

// Of some channels, by which each differs from the entry's first row: the sums over rows, and those of the squares.
typedef struct {
  double of[MOMENT_CHANNELS], of_squares[MOMENT_CHANNELS];
} moment_sums;

// sums += `rows` rows of x, less `first`, for vectors * WIDTH channels. A block is summed apart, so that no sum takes
// very many terms.
INLINE void add_moments(const float *x, ptrdiff_t stride, int64_t rows, const float *first, const int vectors,
                        double *of, double *of_squares) {
  vd shift[MOMENT_VECTORS], sum[MOMENT_VECTORS], square[MOMENT_VECTORS];
  UNROLL for (int i = 0; i < vectors; i++) {
    shift[i] = __builtin_convertvector(v_load(first + i * WIDTH), vd);
    sum[i] = square[i] = (vd){};
  }
  for (int64_t row = 0; row < rows; row++) {
    UNROLL for (int i = 0; i < vectors; i++) {
      const vd v = __builtin_convertvector(v_load(x + row * stride + i * WIDTH), vd) - shift[i];
      sum[i] = sum[i] + v;
      square[i] = square[i] + v * v;
    }
  }
  UNROLL for (int i = 0; i < vectors; i++) {
    vd total, total_square;
    memcpy(&total, of + i * WIDTH, sizeof total);
    memcpy(&total_square, of_squares + i * WIDTH, sizeof total_square);
    total = total + sum[i];
    total_square = total_square + square[i];
    memcpy(of + i * WIDTH, &total, sizeof total);
    memcpy(of_squares + i * WIDTH, &total_square, sizeof total_square);
  }
}

// The same for the last channels, fewer than a vector.
INLINE void add_last_moments(const float *x, ptrdiff_t stride, int64_t rows, const float *first, int count,
                             double *of, double *of_squares) {
  for (int i = 0; i < count; i++) {
    double sum = 0.0, square = 0.0;
    for (int64_t row = 0; row < rows; row++) {
      const double v = (double)x[row * stride + i] - (double)first[i];
      sum = sum + v;
      square = square + v * v;
    }
    of[i] = of[i] + sum;
    of_squares[i] = of_squares[i] + square;
  }
}

// The moments of `count` channels of an entry, at most MOMENT_CHANNELS.
static void moments_of(const act_moments_args *a, const float *x, int64_t count, float *mean,
                       float *variance) {
  _Alignas(64) moment_sums sums;
  memset(&sums, 0, sizeof sums);
  for (int64_t row = 0; row < a->rows; row += MOMENT_ROWS) {
    const int64_t rows = least(MOMENT_ROWS, a->rows - row);
    const float *block = x + row * a->x_row_stride;
    int64_t i = 0;
    for (; i <= count - MOMENT_VECTORS * WIDTH; i += MOMENT_VECTORS * WIDTH)
      add_moments(block + i, a->x_row_stride, rows, x + i, MOMENT_VECTORS, sums.of + i, sums.of_squares + i);
    for (; i <= count - WIDTH; i += WIDTH)
      add_moments(block + i, a->x_row_stride, rows, x + i, 1, sums.of + i, sums.of_squares + i);
    if (i < count)
      add_last_moments(block + i, a->x_row_stride, rows, x + i, (int)(count - i), sums.of + i,
                       sums.of_squares + i);
  }
  for (int64_t i = 0; i < count; i++) {
    const double shifted = sums.of[i] / a->rows, square = sums.of_squares[i] / a->rows - shifted * shifted;
    mean[i] = (float)((double)x[i] + shifted);
    variance[i] = square < 0.0 ? 0.0f : (float)square;
  }
}

// Workers take channels of entries, whole cache lines of them where there are.
static void moments(const void *args, int worker, int workers) {
  const act_moments_args *a = args;
  if (a->batch <= 0 || a->rows <= 0 || a->channels <= 0) return;
  enum { LINE = 16 };
  const int64_t lines = (a->channels + LINE - 1) / LINE;
  const share part = share_of(a->batch * lines, worker, workers);
  for (int64_t line = part.begin; line < part.end;) {
    const int64_t entry = line / lines, begin = line % lines * LINE;
    const int64_t here = least(part.end - line, lines - line % lines);
    const int64_t taken = least(here, MOMENT_CHANNELS / LINE);
    const float *x = a->x + entry * a->rows * a->x_row_stride + begin;
    float *out = a->out + 2 * entry * a->out_row_stride + begin;
    moments_of(a, x, least(taken * LINE, a->channels - begin), out, out + a->out_row_stride);
    line += taken;
  }
}
