// The levels, which of them is in force, and the entry points that call it.
#include "levels.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const act_kernel_table *kernels;
  int (*runs_here)(void);
  int (*is_fast)(void);  // whether it is better than those below, where it runs
} level;

static int always(void) { return 1; }
static int never(void) { return 0; }

#if defined(__x86_64__)
// The builtins also ask the operating system (XGETBV) whether it saves the wide registers.
static int has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
static int has_avx512vnni(void) { return has_avx512() && __builtin_cpu_supports("avx512vnni"); }
static int has_avx512bf16(void) { return has_avx512vnni() && __builtin_cpu_supports("avx512bf16"); }
static int has_amx(void) { return has_avx512vnni() && act_amx_available(); }
// Intel's product of bf16 pairs does half the work of an FMA in the same time.
static int is_amd(void) { return __builtin_cpu_is("amd"); }
#endif

// Best first. A new level is its file and its row.
static const level levels[] = {
#if defined(__x86_64__)
    {&act_amx_kernels, has_amx, always},
    {&act_avx512bf16_kernels, has_avx512bf16, is_amd},
    {&act_avx512vnni_kernels, has_avx512vnni, always},
    {&act_avx512_kernels, has_avx512, always},
    {&act_avx2_kernels, has_avx2, always},
#elif defined(__aarch64__)
    {&act_neon_kernels, always, always},
#endif
    {&act_portable_kernels, always, always},
    {&act_amx_emulated_kernels, always, never},
};

enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

const act_kernel_table *act_isa_level(const char *name) {
  for (int i = 0; i < LEVEL_COUNT; i++)
    if (strcmp(levels[i].kernels->name, name) == 0) return levels[i].runs_here() ? levels[i].kernels : NULL;
  return NULL;
}

static _Atomic(const act_kernel_table *) in_force;
static char error_text[160];
static _Atomic(int) error_found;

static const act_kernel_table *choose(void) {
  int best = 0;
  while (!levels[best].runs_here() || !levels[best].is_fast()) best++;
  const act_kernel_table *chosen = levels[best].kernels;
  const char *wanted = getenv("ACT_ISA");
  if (wanted && *wanted) {
    const act_kernel_table *named = act_isa_level(wanted);
    if (named) chosen = named;
    static atomic_flag reported = ATOMIC_FLAG_INIT;
    if (!named && !atomic_flag_test_and_set(&reported)) {
      int length = snprintf(error_text, sizeof error_text,
                            "ACT_ISA: '%.32s' is not a level of this CPU; expected", wanted);
      const int listed = length;
      for (int i = 0; i < LEVEL_COUNT && length < (int)sizeof error_text; i++)
        if (levels[i].runs_here())
          length += snprintf(error_text + length, sizeof error_text - (size_t)length, "%s%s",
                             length == listed ? " " : ", ", levels[i].kernels->name);
      atomic_store(&error_found, 1);
    }
  }
  atomic_store_explicit(&in_force, chosen, memory_order_release);
  return chosen;
}

static inline const act_kernel_table *kernels(void) {
  const act_kernel_table *chosen = atomic_load_explicit(&in_force, memory_order_acquire);
  return chosen ? chosen : choose();
}

const char *act_isa_name(void) { return kernels()->name; }

const char *act_isa_error(void) {
  kernels();
  return atomic_load(&error_found) ? error_text : NULL;
}

#define ENTRY(kernel) \
  void act_##kernel(const void *args, int worker, int workers) { kernels()->kernel(args, worker, workers); }
ACT_EACH_KERNEL(ENTRY)

size_t act_linear_scratch(int32_t w_dtype, int32_t rows, int32_t k) {
  return kernels()->linear_scratch(w_dtype, rows, k);
}

size_t act_conv_scratch(int32_t w_dtype, int32_t channels, const act_windows *windows, int32_t pairs) {
  return kernels()->conv_scratch(w_dtype, channels, windows, pairs);
}

size_t act_expert_scratch(int32_t w_dtype, int32_t rows, int32_t experts, int32_t k) {
  return kernels()->expert_scratch(w_dtype, rows, experts, k);
}
