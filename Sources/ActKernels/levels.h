// The instruction-set levels of this build. Every level is one C file, which defines the vector primitives of
// kernels/vector.h for its instruction set and compiles the shared kernels with them.
#ifndef ACT_LEVELS_H
#define ACT_LEVELS_H

#include "act_kernels.h"

// The same in every level: positions that attention takes at once, queries that share their loads, and lanes
// of the widest vector, to a multiple of which the width of a head is padded.
enum { ATTENTION_BLOCK = ACT_KV_BLOCK, ATTENTION_QUERIES = 48, ATTENTION_LANES = ACT_KV_LANES };

static inline ptrdiff_t attention_padded(int32_t head_width) {
  return ((ptrdiff_t)head_width + ATTENTION_LANES - 1) / ATTENTION_LANES * ATTENTION_LANES;
}

// Where a block of positions lies in a cache that is a ring of so many blocks; 0: none.
static inline ptrdiff_t attention_place(int32_t block, int32_t ring) { return ring ? block % ring : block; }

#if defined(__x86_64__)
extern const act_kernel_table act_amx_kernels;
extern const act_kernel_table act_avx512bf16_kernels;
extern const act_kernel_table act_avx512vnni_kernels;
extern const act_kernel_table act_avx512_kernels;
extern const act_kernel_table act_avx2_kernels;
#elif defined(__aarch64__)
extern const act_kernel_table act_neon_kernels;
#endif
extern const act_kernel_table act_portable_kernels;
extern const act_kernel_table act_amx_emulated_kernels;

// Whether this CPU and its operating system run AMX; asks the system's permission for the process, once.
int act_amx_available(void);

#endif
