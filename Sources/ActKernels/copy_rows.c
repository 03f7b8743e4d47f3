#include <string.h>

#include "act_kernels.h"
#include "kernels/share.h"

void act_copy_rows(const void *args, int worker, int workers) {
  const act_copy_rows_args *a = args;
  share rows = share_of(a->rows, worker, workers);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const int64_t to = a->out_rows ? a->out_rows[row] : row, from = a->in_rows ? a->in_rows[row] : row;
    memcpy((uint32_t *)a->out + to * a->out_stride, (const uint32_t *)a->in + from * a->in_stride,
           (size_t)a->length * sizeof(uint32_t));
  }
}
