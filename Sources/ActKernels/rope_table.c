#include <math.h>

#include "kernels/share.h"

void act_rope_table(const void *args, int worker, int workers) {
  const act_rope_table_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    float *out = a->out + row * 2 * a->half;
    for (int32_t i = 0; i < a->half; i++) {
      double angle = (double)a->positions[row] * a->frequencies[i];
      out[i] = (float)(cos(angle) * (double)a->scale);
      out[i + a->half] = (float)(sin(angle) * (double)a->scale);
    }
  }
}
