// Packs the rows of x of a linear call.

// Some columns of a block of rows that are `x_stride` floats apart, from column k on, a multiple of 32; `out` is where
// the block begins.
static void pack_columns(const row_blocks *blocks, const float *x, ptrdiff_t x_stride, int rows, int32_t k,
                         int32_t columns, char *out) {
  out += packed_row_bytes(blocks->layout, blocks->w_dtype, (size_t)k) *
         (size_t)(blocks->layout == ROWS_TILES ? rows_in_memory(ROWS_TILES, rows) : 1);
#if HAS_TILES
  if (blocks->layout == ROWS_TILES) {
    if (blocks->w_dtype == ACT_BF16X16) return pack_tiles_bf16(x, x_stride, rows, columns, out);
    return pack_tiles_bytes(blocks->w_dtype, x, x_stride, rows, columns, out);
  }
#endif
  for (int m = 0; m < rows; m++)
    pack_row(blocks->layout, blocks->w_dtype, x + m * x_stride, columns,
             out + (size_t)m * blocks->row_stride);
}

static void pack_row_block(const act_linear_args *a, const row_blocks *blocks, int64_t block, int32_t k0,
                           int32_t k1, char *out) {
  share range = rows_of_block(blocks, block);
  pack_columns(blocks, a->x + range.begin * a->x_row_stride + k0, a->x_row_stride,
               (int)(range.end - range.begin), k0, k1 - k0, out + block_at(blocks, block));
}

// One row is packed by every worker for itself, where it does not take too much of the stack: cheaper than a
// barrier.
enum { OWN_ROW_BYTES = 64 * 1024 };

// Columns that are packed at once.
enum { PACKING_RUN = 256 };

static size_t linear_scratch(int32_t w_dtype, int32_t rows, int32_t k) {
  if (!is_packed(w_dtype) || rows <= 0 || k <= 0) return 0;
  const row_blocks blocks = row_blocks_of(w_dtype, rows, k);
  const size_t bytes = packed_rows_bytes(&blocks);
  if (rows == 1 && (blocks.layout == ROWS_F32 || bytes <= OWN_ROW_BYTES)) return 0;
  if (blocks.layout == ROWS_F32 && !evict_each_other((size_t)k * sizeof(float))) return 0;
  return (bytes + 63) / 64 * 64;
}

static void pack_rows(const void *args, int worker, int workers) {
  const act_linear_args *a = args;
  if (linear_scratch(a->w_dtype, a->rows, a->k) == 0) return;
  const row_blocks blocks = row_blocks_of(a->w_dtype, a->rows, a->k);
  const int64_t runs = (a->k + PACKING_RUN - 1) / PACKING_RUN;
  share items = share_of(block_count(&blocks) * runs, worker, workers);
  for (int64_t item = items.begin; item < items.end; item++) {
    int32_t k = (int32_t)(item % runs) * PACKING_RUN;
    pack_row_block(a, &blocks, item / runs, k, (int32_t)least(k + PACKING_RUN, a->k), a->packed_x);
  }
}
