#include "act_kernels.h"

#include <string.h>

#include "kernels/share.h"

void act_copy(const void *args, int worker, int workers) {
  const act_copy_args *a = args;
  if (a->blocks <= 0 || a->length <= 0) return;
  share elements = share_of(a->blocks * a->length, worker, workers);
  int64_t block = elements.begin / a->length, within = elements.begin % a->length;
  for (int64_t at = elements.begin; at < elements.end; block++, within = 0) {
    const int64_t count = least(a->length - within, elements.end - at);
    memcpy((uint32_t *)a->out + block * a->out_stride + within,
           (const uint32_t *)a->in + block * a->in_stride + within, (size_t)count * sizeof(uint32_t));
    at += count;
  }
}
