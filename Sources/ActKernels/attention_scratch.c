#include "levels.h"

// For every level: ATTENTION_QUERIES queries and sums, a block of scores, and a vector of totals for each.
size_t act_attention_scratch(int32_t head_width) {
  return ATTENTION_QUERIES * (2 * (size_t)attention_padded(head_width) + ATTENTION_BLOCK + ATTENTION_LANES);
}

size_t act_cache_bytes(int32_t dtype, int64_t capacity, int32_t kv_heads, int32_t head_width) {
  size_t blocks = ((size_t)capacity + ATTENTION_BLOCK - 1) / ATTENTION_BLOCK;
  size_t elements = blocks * ATTENTION_BLOCK * (size_t)kv_heads * (size_t)attention_padded(head_width);
  return elements * (dtype == ACT_F32 ? 4 : 2);
}
