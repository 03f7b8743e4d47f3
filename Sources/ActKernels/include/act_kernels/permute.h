// Another order of a tensor's axes.
#ifndef ACT_KERNELS_PERMUTE_H
#define ACT_KERNELS_PERMUTE_H

#include "act_limits.h"
#include "types.h"

// out[i0, i1, ...] = in[i0 * steps[0] + i1 * steps[1] + ...], i_a < sizes[a], widened to f32; in is f32, bf16 or f16.
// The same at every level.
typedef struct {
  float *out;
  const void *in;
  int32_t in_dtype;
  int32_t rank;                  // at most ACT_MAX_RANK
  const int64_t *sizes, *steps;  // [rank]
} act_permute_args;
void act_permute(const void *args, int worker, int workers);

#endif
