#include "levels.h"

// For every level: ATTENTION_QUERIES queries and sums, head_width padded to the widest vector, and a block of
// scores.
size_t act_attention_scratch(int32_t capacity, int32_t heads, int32_t kv_heads, int32_t head_width) {
  (void)capacity, (void)heads, (void)kv_heads;
  size_t padded = ((size_t)head_width + 15) / 16 * 16;
  return ATTENTION_QUERIES * (2 * padded + ATTENTION_BLOCK);
}
