#include <math.h>

#include "kernels/share.h"

void act_sinusoids(const void *args, int worker, int workers) {
  const act_sinusoids_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const double x = a->x[row * a->x_row_stride];
    float *out = a->out + row * a->out_row_stride;
    for (int32_t i = 0; i < a->half; i++) {
      out[i] = (float)cos(x * a->frequencies[i]);
      out[i + a->half] = (float)sin(x * a->frequencies[i]);
    }
  }
}
