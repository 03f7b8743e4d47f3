// 64-bit Arm.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include <arm_neon.h>
#include <math.h>

#include "levels.h"

enum { WIDTH = 4 };
#define ACCUMULATORS 24
enum { FLOAT_ROWS = 6, QUAD_ROWS = 3, BLOCK_PANELS = 1, PREFETCH_BYTES = 1024 };
#define HAS_DOT_BF16 0
#define HAS_TILES 0
#include "kernels/vector.h"

INLINE vf v_fma(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE vf v_fused(vf a, vf b, vf c) { return v_fma(a, b, c); }
INLINE vf v_sqrt(vf a) { return (vf)vsqrtq_f32((float32x4_t)a); }
INLINE v4 v_sum4(vf a, vf b, vf c, vf d) {
  float32x4_t ab = vpaddq_f32((float32x4_t)a, (float32x4_t)b),
              cd = vpaddq_f32((float32x4_t)c, (float32x4_t)d);
  return (v4)vpaddq_f32(ab, cd);
}

#include "kernels/vector_plain.h"
#include "kernels/quads_as_floats.h"

#include "kernels/all.h"

const act_kernel_table act_neon_kernels = KERNEL_TABLE("neon");
#endif
