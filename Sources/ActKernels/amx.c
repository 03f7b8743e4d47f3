// AMX, and AVX-512 with VNNI for what tiles are no use for.
#if defined(__x86_64__)
#pragma STDC FP_CONTRACT OFF
#include <immintrin.h>
#include <math.h>

#include "kernels/share.h"
#include "levels.h"

#if defined(__clang__)
#pragma clang attribute push(                                                                               \
    __attribute__((                                                                                         \
        target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,avx512vnni,amx-tile,amx-bf16,amx-int8"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,avx512vnni,amx-tile,amx-bf16,amx-int8")
#pragma GCC optimize("fp-contract=off")
#endif

#include "kernels/vector_avx512.h"
#define HAS_DOT_BF16 0

#include "kernels/quads_as_bytes.h"
#include "kernels/tiles_amx.h"

#include "kernels/all.h"

const act_kernel_table act_amx_kernels = KERNEL_TABLE("amx");

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
