// Any CPU.
#pragma STDC FP_CONTRACT OFF
#include <math.h>

#include "levels.h"

#include "kernels/vector_portable.h"
#define HAS_TILES 0

#include "kernels/all.h"

const act_kernel_table act_portable_kernels = KERNEL_TABLE("portable");
