#include "kernels/panel.h"

size_t act_packed_bytes(int32_t dtype, int64_t n, int64_t k) {
  // Below this no sum or product inside panel_bytes and panel_count overflows.
  const int64_t limit = INT64_MAX / 128;
  if (!is_packed(dtype) || n < 0 || k < 0 || n > limit || k > limit) return 0;
  size_t bytes;
  if (__builtin_mul_overflow(panel_bytes(dtype, (size_t)k), panel_count((size_t)n), &bytes)) return 0;
  return bytes <= PTRDIFF_MAX ? bytes : 0;
}
