#include "act_limits.h"

// The kernels name a value by a byte, and keep the buffers in use as the bits of a 64-bit word.
_Static_assert(ACT_EXPR_MAX_INPUTS + ACT_EXPR_MAX_INSTRUCTIONS <= 256, "a value's number must fit a byte");
_Static_assert(ACT_EXPR_MAX_INSTRUCTIONS < 64, "a buffer's number must be a bit of 64, with one to spare");
