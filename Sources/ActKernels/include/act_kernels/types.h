// Types of elements.
#ifndef ACT_KERNELS_TYPES_H
#define ACT_KERNELS_TYPES_H

#include <stddef.h>
#include <stdint.h>

// The types past ACT_I32 are those of packed matrices (packed.h).
typedef enum {
  ACT_F32 = 0,
  ACT_BF16 = 1,
  ACT_F16 = 2,
  ACT_I32 = 3,
  ACT_F32X16 = 4,
  ACT_BF16X16 = 5,
  ACT_Q8X16 = 6,
  ACT_Q4X16 = 7
} act_dtype;

#endif
