// The primitives of the levels for any CPU: vectors of four floats from the compiler's vector extension
// alone.
enum { WIDTH = 4 };
#define ACCUMULATORS 12
enum { FLOAT_ROWS = 3, QUAD_ROWS = 2, BLOCK_PANELS = 1, PREFETCH_BYTES = 1024 };
#define HAS_DOT_BF16 0
#include "vector.h"

INLINE vf v_fma(vf a, vf b, vf c) { return a * b + c; }
INLINE vf v_fused(vf a, vf b, vf c) {
  for (int i = 0; i < WIDTH; i++) a[i] = fmaf(a[i], b[i], c[i]);
  return a;
}
INLINE vf v_sqrt(vf a) {
  for (int i = 0; i < WIDTH; i++) a[i] = sqrtf(a[i]);
  return a;
}
INLINE v4 v_sum4(vf a, vf b, vf c, vf d) {
  return (v4){(a[0] + a[2]) + (a[1] + a[3]), (b[0] + b[2]) + (b[1] + b[3]), (c[0] + c[2]) + (c[1] + c[3]),
              (d[0] + d[2]) + (d[1] + d[3])};
}

#include "vector_plain.h"
#include "quads_as_floats.h"
