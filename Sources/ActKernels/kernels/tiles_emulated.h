// The tile registers in C, so that the products on tiles are tested on CPUs without them.
#include "tile_shape.h"

#define HAS_TILES 1

typedef struct {
  tile_shape shape[8];
  uint8_t data[8][16][64];
} tile_registers;

static void tiles_configure(tile_registers *t, const tile_shape *shape) {
  memset(t, 0, sizeof *t);
  memcpy(t->shape, shape, sizeof t->shape);
}
static void tiles_release(tile_registers *t) { memset(t->shape, 0, sizeof t->shape); }

static void tile_load(tile_registers *t, int i, const void *p, size_t stride) {
  for (int r = 0; r < t->shape[i].rows; r++)
    memcpy(t->data[i][r], (const char *)p + (size_t)r * stride, t->shape[i].bytes);
}
static void tile_store(const tile_registers *t, int i, void *p, size_t stride) {
  for (int r = 0; r < t->shape[i].rows; r++)
    memcpy((char *)p + (size_t)r * stride, t->data[i][r], t->shape[i].bytes);
}

static float tile_bf16(const tile_registers *t, int i, int row, int at) {
  uint16_t half;
  memcpy(&half, &t->data[i][row][2 * at], sizeof half);
  uint32_t bits = (uint32_t)half << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void tile_dot_bf16(tile_registers *t, int c, int a, int b) {
  for (int m = 0; m < t->shape[c].rows; m++)
    for (int n = 0; n < t->shape[c].bytes / 4; n++) {
      float sum;
      memcpy(&sum, &t->data[c][m][4 * n], sizeof sum);
      for (int k = 0; k < t->shape[a].bytes / 2; k++)
        sum = fmaf(tile_bf16(t, a, m, k), tile_bf16(t, b, k / 2, 2 * n + k % 2), sum);
      memcpy(&t->data[c][m][4 * n], &sum, sizeof sum);
    }
}

static void tile_dot_bytes(tile_registers *t, int c, int a, int b) {
  for (int m = 0; m < t->shape[c].rows; m++)
    for (int n = 0; n < t->shape[c].bytes / 4; n++) {
      int32_t sum;
      memcpy(&sum, &t->data[c][m][4 * n], sizeof sum);
      for (int k = 0; k < t->shape[a].bytes; k++)
        sum += (int8_t)t->data[a][m][k] * t->data[b][k / 4][4 * n + k % 4];
      memcpy(&t->data[c][m][4 * n], &sum, sizeof sum);
    }
}

#define TILE_ZERO(t, i) memset((t).data[i], 0, sizeof(t).data[i])
#define TILE_LOAD(t, i, p, stride) tile_load(&(t), i, p, stride)
#define TILE_STORE(t, i, p, stride) tile_store(&(t), i, p, stride)
#define TILE_DOT_BF16(t, c, a, b) tile_dot_bf16(&(t), c, a, b)
#define TILE_DOT_BYTES(t, c, a, b) tile_dot_bytes(&(t), c, a, b)
