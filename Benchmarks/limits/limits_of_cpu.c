#include "limits_of_cpu.h"

enum { CHAINS = 12, AHEAD = 2048 };

// The result is used, so that the work is not left out.
static void keep(float value) { __asm__ volatile("" : : "m"(value)); }

#define LIMITS(level, attributes, width)                                                           \
  typedef float level##_floats __attribute__((vector_size(4 * width)));                            \
  attributes static void level##_fma(int64_t rounds) {                                             \
    level##_floats chains[CHAINS], factor = (level##_floats){} + 0.5f;                             \
    for (int i = 0; i < CHAINS; i++) chains[i] = factor * (float)i;                                \
    for (int64_t round = 0; round < rounds; round++)                                               \
      for (int i = 0; i < CHAINS; i++) chains[i] = chains[i] * factor + factor;                    \
    for (int i = 0; i < CHAINS; i++) keep(chains[i][0]);                                           \
  }                                                                                                \
  attributes static void level##_read(const char *data, size_t bytes) {                            \
    level##_floats sums[4] = {};                                                                   \
    const size_t step = 4 * sizeof(level##_floats);                                                \
    for (size_t at = 0; at + step <= bytes; at += step) {                                          \
      for (size_t line = 0; line < step; line += 64) __builtin_prefetch(data + at + line + AHEAD); \
      const level##_floats *p = (const level##_floats *)(data + at);                               \
      for (int i = 0; i < 4; i++) sums[i] += p[i];                                                 \
    }                                                                                              \
    for (int i = 0; i < 4; i++) keep(sums[i][0]);                                                  \
  }

#if defined(__clang__)
#pragma STDC FP_CONTRACT ON
#endif
LIMITS(plain, , 4)
#if defined(__x86_64__)
LIMITS(avx2, __attribute__((target("avx2,fma"))), 8)
LIMITS(avx512, __attribute__((target("avx512f"))), 16)
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) { return __builtin_cpu_supports("avx512f"); }
#endif

int limit_fma_per_round(void) {
#if defined(__x86_64__)
  if (has_avx512()) return 16 * CHAINS;
  if (has_avx2()) return 8 * CHAINS;
#endif
  return 4 * CHAINS;
}

void limit_fma(const void *args, int worker, int workers) {
  (void)worker, (void)workers;
  const limit_fma_args *a = args;
#if defined(__x86_64__)
  if (has_avx512()) return avx512_fma(a->rounds);
  if (has_avx2()) return avx2_fma(a->rounds);
#endif
  plain_fma(a->rounds);
}

void limit_read(const void *args, int worker, int workers) {
  const limit_read_args *a = args;
  size_t share = a->bytes / (size_t)workers / 4096 * 4096;
  const char *data = (const char *)a->data + share * (size_t)worker;
#if defined(__x86_64__)
  if (has_avx512()) return avx512_read(data, share);
  if (has_avx2()) return avx2_read(data, share);
#endif
  plain_read(data, share);
}
