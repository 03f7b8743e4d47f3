// The contract between the runtime and the micro-kernels.
//
// A kernel is a task: `void task(const void *args, int worker, int workers)`. The runtime calls it once on every
// worker with the same arguments; the kernel splits its own work by (worker, workers) and never allocates, blocks
// or synchronises. Every output element is computed by one worker with a fixed order of operations that depends
// neither on the split nor on the number of rows in the call: a row's result is the same bit for bit whether it is
// computed alone, in a batch, or on another number of threads.
//
// Sizes and strides count elements unless the name says bytes. A row is a token, a pixel, or a head of either.
#ifndef ACT_KERNELS_H
#define ACT_KERNELS_H

#include "act_kernels/attention.h"
#include "act_kernels/conv.h"
#include "act_kernels/copy.h"
#include "act_kernels/elementwise.h"
#include "act_kernels/experts.h"
#include "act_kernels/interpolate.h"
#include "act_kernels/linear.h"
#include "act_kernels/moments.h"
#include "act_kernels/norm.h"
#include "act_kernels/packed.h"
#include "act_kernels/permute.h"
#include "act_kernels/reduce.h"
#include "act_kernels/resample.h"
#include "act_kernels/rows.h"
#include "act_kernels/sinusoids.h"

typedef void (*act_kernel)(const void *args, int worker, int workers);

// The kernels, each of which every level has: a kernel NAME takes act_NAME_args, or what the header of its family says.
// The prototypes, the fields of act_kernel_table, each level's table and the entry points come from this list.
#define ACT_EACH_KERNEL(apply)                                                                              \
  apply(elementwise) apply(linear) apply(pack_rows) apply(pack) apply(rms_norm) apply(layer_norm)           \
      apply(reduce) apply(softmax) apply(rope) apply(cache_append) apply(attention) apply(take_rows)        \
          apply(cast) apply(scale_rows) apply(scale_columns) apply(conv) apply(average_pool) apply(moments) \
              apply(expert_linear) apply(weighted_sum) apply(interpolate)

// The entry points call the level in force.
#define ACT_KERNEL_PROTOTYPE(kernel) void act_##kernel(const void *args, int worker, int workers);
ACT_EACH_KERNEL(ACT_KERNEL_PROTOTYPE)
#undef ACT_KERNEL_PROTOTYPE

// The kernels of one instruction-set level.
#define ACT_KERNEL_FIELD(kernel) act_kernel kernel;
typedef struct {
  const char *name;
  ACT_EACH_KERNEL(ACT_KERNEL_FIELD)
  size_t (*linear_scratch)(int32_t w_dtype, int32_t rows, int32_t k);
  size_t (*conv_scratch)(int32_t w_dtype, int32_t channels, const act_windows *windows, int32_t pairs);
  size_t (*expert_scratch)(int32_t w_dtype, int32_t rows, int32_t experts, int32_t k);
} act_kernel_table;
#undef ACT_KERNEL_FIELD

// The kernels of the level "portable", "avx2", "avx512", "avx512vnni", "avx512bf16" (also VNNI), "amx", "amx-emulated"
// (tiles in C, on any CPU; never chosen by itself) or "neon"; null where the name is unknown or this CPU or its operating
// system cannot run them. For tests; the functions above use the level in force.
const act_kernel_table *act_isa_level(const char *name);

// The instruction-set level in force: the best that this CPU runs, or a lower one named by the environment variable
// ACT_ISA. Decided once, at the first use of any kernel. An unknown or unsupported ACT_ISA leaves an error text (else
// null) and the best level in force.
const char *act_isa_name(void);
const char *act_isa_error(void);

#endif
