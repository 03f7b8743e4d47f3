// The primitives of every level with vectors of 512 bits: AVX-512 F, BW, VL and DQ.
enum { WIDTH = 16 };
#define ACCUMULATORS 24
enum { FLOAT_ROWS = 12, QUAD_ROWS = 6, BLOCK_PANELS = 2, PREFETCH_BYTES = 2048 };
#include "vector.h"

INLINE vf v_fma(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vf v_fused(vf a, vf b, vf c) { return v_fma(a, b, c); }
INLINE vf v_sqrt(vf a) { return (vf)_mm512_sqrt_ps((__m512)a); }

#define HAS_SCALE
INLINE vf v_scaled(vf a, vf n) { return (vf)_mm512_scalef_ps((__m512)a, (__m512)n); }
INLINE vf v_scaled_little(vf a, vf n) { return v_scaled(a, n); }

INLINE __mmask16 first_lanes(int n) { return (__mmask16)((1u << n) - 1u); }
INLINE vf v_load_first(const float *p, int n) { return (vf)_mm512_maskz_loadu_ps(first_lanes(n), p); }
INLINE void v_store_first(float *p, vf v, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), (__m512)v); }
INLINE vh v_load_u16_first(const uint16_t *p, int n) {
  return (vh)_mm256_maskz_loadu_epi16(first_lanes(n), p);
}

INLINE vf v_from_f16(vh h) { return (vf)_mm512_cvtph_ps((__m256i)h); }
INLINE vh v_to_f16(vf v) {
  return (vh)_mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

// Within quarters of four lanes first, then over the quarters.
INLINE v4 v_sum4(vf a, vf b, vf c, vf d) {
  __m512 ab = _mm512_add_ps(_mm512_shuffle_ps((__m512)a, (__m512)b, 0x44),
                            _mm512_shuffle_ps((__m512)a, (__m512)b, 0xee));
  __m512 cd = _mm512_add_ps(_mm512_shuffle_ps((__m512)c, (__m512)d, 0x44),
                            _mm512_shuffle_ps((__m512)c, (__m512)d, 0xee));
  __m512 abcd = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x88), _mm512_shuffle_ps(ab, cd, 0xdd));
  __m256 halves = _mm256_add_ps(_mm512_castps512_ps256(abcd), _mm512_extractf32x8_ps(abcd, 1));
  return (v4)_mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
}
