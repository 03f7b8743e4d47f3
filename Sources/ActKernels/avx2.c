// AVX2 with FMA and F16C.
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <math.h>

#include "kernels/share.h"
#include "levels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#pragma GCC optimize("fp-contract=off")
#endif

enum { WIDTH = 8 };
#define ACCUMULATORS 12
enum { FLOAT_ROWS = 6, QUAD_ROWS = 3, BLOCK_PANELS = 1, PREFETCH_BYTES = 1024 };
#define HAS_DOT_BF16 0
#define HAS_TILES 0
#include "kernels/vector.h"

INLINE vf v_fma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vf v_fused(vf a, vf b, vf c) { return v_fma(a, b, c); }
INLINE vi v_dot_pairs(vi sum, vu a, vu b) {
  return (vi)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16((__m256i)a, (__m256i)b));
}
INLINE vf v_sqrt(vf a) { return (vf)_mm256_sqrt_ps((__m256)a); }

INLINE __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vf v_load_first(const float *p, int n) { return (vf)_mm256_maskload_ps(p, first_lanes(n)); }
INLINE void v_store_first(float *p, vf v, int n) { _mm256_maskstore_ps(p, first_lanes(n), (__m256)v); }
INLINE vh v_load_u16_first(const uint16_t *p, int n) {
  vh v = {};
  memcpy(&v, p, (size_t)n * sizeof(uint16_t));
  return v;
}

INLINE vf v_from_f16(vh h) { return (vf)_mm256_cvtph_ps((__m128i)h); }
INLINE vh v_to_f16(vf v) {
  return (vh)_mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// Within quarters of four lanes first, then over the quarters.
INLINE v4 v_sum4(vf a, vf b, vf c, vf d) {
  __m256 ab = _mm256_add_ps(_mm256_shuffle_ps((__m256)a, (__m256)b, 0x44),
                            _mm256_shuffle_ps((__m256)a, (__m256)b, 0xee));
  __m256 cd = _mm256_add_ps(_mm256_shuffle_ps((__m256)c, (__m256)d, 0x44),
                            _mm256_shuffle_ps((__m256)c, (__m256)d, 0xee));
  __m256 abcd = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x88), _mm256_shuffle_ps(ab, cd, 0xdd));
  return (v4)_mm_add_ps(_mm256_castps256_ps128(abcd), _mm256_extractf128_ps(abcd, 1));
}

#include "kernels/quads_as_pairs.h"

#include "kernels/all.h"

const act_kernel_table act_avx2_kernels = KERNEL_TABLE("avx2");

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
