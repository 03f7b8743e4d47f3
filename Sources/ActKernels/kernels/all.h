// Every kernel of a level, from its vector primitives.
#include "panel.h"
#include "share.h"

#include "vector_math.h"

#include "expression.h"
#include "dots.h"
#include "norm.h"
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
#include "attention.h"

#define KERNEL_TABLE(level)                                                                            \
  {level,     elementwise, linear,     rms_norm,      layer_norm, rope,      cache_append,  attention, \
   take_rows, cast,        scale_rows, scale_columns, pack,       pack_rows, linear_scratch}
