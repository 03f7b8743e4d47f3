// AVX-512 with VNNI.
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <math.h>

#include "kernels/share.h"
#include "levels.h"

#if defined(__clang__)
#pragma clang attribute push(                                                               \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,avx512vnni"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,avx512vnni")
#pragma GCC optimize("fp-contract=off")
#endif

#include "kernels/vector_avx512.h"
#define HAS_DOT_BF16 0
#define HAS_TILES 0

#include "kernels/quads_as_bytes.h"

#include "kernels/all.h"

const act_kernel_table act_avx512vnni_kernels = KERNEL_TABLE("avx512vnni");

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
