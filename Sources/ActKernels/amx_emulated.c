// Any CPU, with the products on tiles of the level amx.
#pragma STDC FP_CONTRACT OFF
#include <math.h>

#include "levels.h"

#include "kernels/vector_portable.h"
#include "kernels/tiles_emulated.h"

#include "kernels/all.h"

const act_kernel_table act_amx_emulated_kernels = KERNEL_TABLE("amx-emulated");
