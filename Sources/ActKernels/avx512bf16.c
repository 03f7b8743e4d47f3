// AVX-512 with VNNI and BF16.
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <math.h>

#include "kernels/share.h"
#include "levels.h"

#if defined(__clang__)
#pragma clang attribute push(                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,avx512vnni,avx512bf16"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,avx512vnni,avx512bf16")
#pragma GCC optimize("fp-contract=off")
#endif

#include "kernels/vector_avx512.h"
#define HAS_DOT_BF16 1
#define HAS_TILES 0

INLINE vf v_dot_bf16(vf sum, vu a, vu b) {
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
INLINE vh v_to_bf16_normal(vf v) { return (vh)_mm512_cvtneps_pbh((__m512)v); }
#include "kernels/quads_as_bytes.h"

#include "kernels/all.h"

const act_kernel_table act_avx512bf16_kernels = KERNEL_TABLE("avx512bf16");

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
