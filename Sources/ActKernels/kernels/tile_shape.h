#ifndef ACT_TILE_SHAPE_H
#define ACT_TILE_SHAPE_H

#include <stdint.h>

typedef struct {
  uint8_t rows, bytes;  // bytes of a row
} tile_shape;

#endif
