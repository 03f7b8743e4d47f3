// Off the hot path: weights are permuted once, when a plan is compiled.
#include <string.h>

#include "act_kernels.h"

static float widened(const void *in, int32_t dtype, int64_t at) {
  float value;
  if (dtype == ACT_F32) return ((const float *)in)[at];
  if (dtype == ACT_BF16) {
    const uint32_t bits = (uint32_t)((const uint16_t *)in)[at] << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  const uint16_t half = ((const uint16_t *)in)[at];
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff;
  uint32_t bits = sign | ((rest << 13) + (112u << 23));
  if (rest >= 0x7c00) bits = sign | 0x7f800000 | (rest & 0x3ff) << 13;
  memcpy(&value, &bits, sizeof value);
  // A subnormal is a whole number of 2^-24.
  if (rest < 0x400) return (sign ? -1.0f : 1.0f) * (float)rest * 0x1p-24f;
  return value;
}

void act_permute(const void *args, int worker, int workers) {
  const act_permute_args *a = args;
  // Workers share the first axis.
  const int64_t first = a->sizes[0] * worker / workers, end = a->sizes[0] * (worker + 1) / workers;
  int64_t inner = 1;
  for (int32_t axis = 1; axis < a->rank; axis++) inner *= a->sizes[axis];
  for (int64_t row = first; row < end; row++) {
    int64_t at[ACT_MAX_RANK] = {0};
    int64_t from = row * a->steps[0];
    for (int64_t i = 0; i < inner; i++) {
      a->out[row * inner + i] = widened(a->in, a->in_dtype, from);
      for (int32_t axis = a->rank - 1; axis > 0; axis--) {
        from += a->steps[axis];
        if (++at[axis] < a->sizes[axis]) break;
        from -= at[axis] * a->steps[axis];
        at[axis] = 0;
      }
    }
  }
}
