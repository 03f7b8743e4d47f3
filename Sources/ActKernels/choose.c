#include "act_kernels.h"

#include "kernels/share.h"

void act_choose(const void *args, int worker, int workers) {
  const act_choose_args *a = args;
  const share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const float *scores = a->scores + row * a->scores_row_stride;
    int32_t *out = a->out + row * a->count;
    // The columns so far are in order; one that is greater than the last goes in front of those that it exceeds.
    for (int32_t column = 0, held = 0; column < a->columns; column++) {
      if (held == a->count && !(scores[column] > scores[out[held - 1]])) continue;
      int32_t place = held < a->count ? held++ : held - 1;
      for (; place > 0 && scores[column] > scores[out[place - 1]]; place--) out[place] = out[place - 1];
      out[place] = column;
    }
  }
}

void act_take_channels(const void *args, int worker, int workers) {
  const act_take_channels_args *a = args;
  const share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++)
    for (int32_t i = 0; i < a->count; i++)
      a->out[row * a->out_row_stride + i] = a->x[row * a->x_row_stride + a->chosen[row * a->count + i]];
}
