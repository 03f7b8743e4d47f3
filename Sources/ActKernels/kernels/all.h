// Every kernel of a level, from its vector primitives.
#include "panel.h"
#include "share.h"

#include "vector_lanes.h"
#include "vector_math.h"

#include "expression.h"
#include "dots.h"
#include "norm.h"
#include "reduce.h"
#include "interpolate.h"
#include "rope.h"
#include "rows.h"
#include "pack.h"
#include "panel_vectors.h"
#if HAS_TILES
#include "tile_rows.h"
#endif
#include "packed_rows.h"
#if HAS_TILES
#include "tiles.h"
#endif
#include "row_packing.h"
#include "products.h"
#include "linear.h"
#include "conv_pairs.h"
#include "conv.h"
#include "experts.h"
#include "average_pool.h"
#include "moments.h"
#include "attention.h"

#define KERNEL_OF_LEVEL(kernel) .kernel = kernel,
#define KERNEL_TABLE(level)                                          \
  {.name = level,                                                    \
   ACT_EACH_KERNEL(KERNEL_OF_LEVEL).linear_scratch = linear_scratch, \
   .conv_scratch = conv_scratch,                                     \
   .expert_scratch = expert_scratch}
