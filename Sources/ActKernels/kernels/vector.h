// Vectors of WIDTH floats: what is the same on every instruction set, in the vector extension of clang and
// gcc.
//
// A level defines WIDTH and ACCUMULATORS (vector registers that a tile of sums may hold) and includes this
// header. It then defines
//   v_fma(a, b, c)       a * b + c
//   v_sqrt(a)
//   v_load_first(p, n), v_store_first(p, v, n), v_load_u16_first(p, n): the first n elements, 0 < n <= WIDTH;
//                        lanes past n load as 0 and are never touched in memory
//   v_from_f16(h), v_to_f16(v)
//   v_sum4(a, b, c, d)   the sums over the lanes of four vectors, each added in the same order
// or takes them from vector_plain.h.
//
// Nothing here is contracted: a product is rounded before it is added unless v_fma says otherwise, so that a
// fused expression equals its parts bit for bit.
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
// Before a loop whose count the compiler knows: arrays that it indexes can stay in registers, also at -O2.
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vf __attribute__((vector_size(4 * WIDTH)));
typedef int32_t vi __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t vu __attribute__((vector_size(4 * WIDTH)));
typedef uint16_t vh __attribute__((vector_size(2 * WIDTH)));
typedef float v4 __attribute__((vector_size(16)));

INLINE vf v_load(const float *p) {
  vf v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
INLINE vh v_load_u16(const uint16_t *p) {
  vh v;
  memcpy(&v, p, sizeof v);
  return v;
}
INLINE void v_store_u16(uint16_t *p, vh v) { memcpy(p, &v, sizeof v); }

// Less 0, not plus: that is x itself for every x, and so a plain broadcast.
INLINE vf v_splat(float x) { return x - (vf){}; }
INLINE vi v_splat_int(int32_t x) { return (vi){} + x; }

INLINE vf v_select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }
INLINE vf v_abs(vf a) { return (vf)((vi)a & 0x7fffffff); }
INLINE vf v_negate(vf a) { return (vf)((vu)a ^ 0x80000000u); }
INLINE vf v_with_sign(vf a, vf sign) { return (vf)((vu)a | ((vu)sign & 0x80000000u)); }
INLINE vf v_truth(vi mask) { return (vf)(mask & (vi)v_splat(1.0f)); }
// A NaN in either operand is the result.
INLINE vf v_min(vf a, vf b) { return v_select((a < b) | (a != a), a, b); }
INLINE vf v_max(vf a, vf b) { return v_select((a > b) | (a != a), a, b); }

INLINE vf v_from_bf16(vh h) { return (vf)(__builtin_convertvector(h, vu) << 16); }
INLINE vh v_to_bf16(vf v) {
  vu bits = (vu)v;
  vu rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  vu quiet = (bits >> 16) | 0x40u;
  vu nan = (vu)(v != v);
  return __builtin_convertvector((nan & quiet) | (~nan & rounded), vh);
}
