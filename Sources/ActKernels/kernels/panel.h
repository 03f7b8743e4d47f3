// The layout of packed matrices (act_kernels.h), the same at every level.
#ifndef ACT_PANEL_H
#define ACT_PANEL_H

#include "act_kernels.h"

enum {
  PANEL_ROWS = 16,
  // Columns that share a scale, and columns that lie together.
  QUANT_BLOCK = 32,
  QUANT_GROUP = 64,
  Q8_GROUP_BYTES = 64 + 1024,
  Q4_GROUP_BYTES = 64 + 64 + 512,
};

static inline int is_packed(int dtype) { return dtype >= ACT_F32X16 && dtype <= ACT_Q4X16; }

// Bytes of the columns 0 ..< k of a panel; k is a multiple of 64, or all columns of the matrix.
static inline size_t panel_bytes(int dtype, size_t k) {
  switch (dtype) {
    case ACT_F32X16: return k * 64;
    case ACT_BF16X16: return (k + 31) / 32 * 1024;
    case ACT_Q8X16: return (k + QUANT_GROUP - 1) / QUANT_GROUP * Q8_GROUP_BYTES;
    default: return (k + QUANT_GROUP - 1) / QUANT_GROUP * Q4_GROUP_BYTES;
  }
}

// Where column k of a panel lies; k is even for bf16, and a multiple of 64 for q8 and q4.
static inline size_t panel_at(int dtype, size_t k) {
  switch (dtype) {
    case ACT_F32X16: return k * 64;
    case ACT_BF16X16: return k * 32;
    case ACT_Q8X16: return k / QUANT_GROUP * Q8_GROUP_BYTES;
    default: return k / QUANT_GROUP * Q4_GROUP_BYTES;
  }
}

static inline size_t panel_count(size_t n) { return (n + PANEL_ROWS - 1) / PANEL_ROWS; }

#endif
