#include "act_kernels.h"

#include <string.h>

#include "kernels/share.h"

void act_upsample_nearest(const void *args, int worker, int workers) {
  const act_upsample_nearest_args *a = args;
  if (a->batch <= 0 || a->out_height <= 0 || a->out_width <= 0) return;
  share rows = share_of((int64_t)a->batch * a->out_height * a->out_width, worker, workers);
  for (int64_t row = rows.begin; row < rows.end;) {
    const int64_t line = row / a->out_width, image = line / a->out_height;
    const int64_t y = line % a->out_height * a->height / a->out_height;
    const float *from = a->x + (image * a->height + y) * a->width * a->x_row_stride;
    for (int64_t x = row % a->out_width; x < a->out_width && row < rows.end; x++, row++)
      memcpy(a->out + row * a->out_row_stride, from + x * a->width / a->out_width * a->x_row_stride,
             (size_t)a->channels * sizeof(float));
  }
}
