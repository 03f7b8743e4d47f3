// The tile registers of AMX.
#include "tile_shape.h"

#define HAS_TILES 1

// The registers are the thread's own.
typedef struct {
  char unused;
} tile_registers;

INLINE void tiles_configure(tile_registers *t, const tile_shape *shape) {
  (void)t;
  // Palette 1; the rows of a tile lie at 48, the bytes of a row at 16.
  _Alignas(64) uint8_t configuration[64] = {1};
  for (int i = 0; i < 8; i++)
    configuration[16 + 2 * i] = shape[i].bytes, configuration[48 + i] = shape[i].rows;
  // Not by intrinsic: some compilers take it to read eight bytes.
  __asm__ volatile("ldtilecfg %0" : : "m"(configuration));
}
INLINE void tiles_release(tile_registers *t) {
  (void)t;
  _tile_release();
}

#define TILE_ZERO(t, i) _tile_zero(i)
#define TILE_LOAD(t, i, p, stride) _tile_loadd(i, p, stride)
#define TILE_STORE(t, i, p, stride) _tile_stored(i, p, stride)
#define TILE_DOT_BF16(t, c, a, b) _tile_dpbf16ps(c, a, b)
#define TILE_DOT_BYTES(t, c, a, b) _tile_dpbsud(c, a, b)
