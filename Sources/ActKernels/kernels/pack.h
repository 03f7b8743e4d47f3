// Row-major weights into panels. A lane is a row and nothing is contracted, so every level gives the same
// bytes.

// 32 columns of a panel, [column][row].
typedef float weight_block[QUANT_BLOCK][PANEL_ROWS];

static void load_weight_block(const act_pack_args *a, int64_t row, int64_t column, weight_block block) {
  int rows = (int)least(PANEL_ROWS, a->n - row), columns = (int)least(QUANT_BLOCK, a->k - column);
  const size_t bytes = width_in_bytes(a->w_dtype);
  if (rows < PANEL_ROWS || columns < QUANT_BLOCK) memset(block, 0, sizeof(weight_block));
  for (int r = 0; r < rows; r++) {
    float values[QUANT_BLOCK];
    const char *p = (const char *)a->w + (size_t)((row + r) * a->k + column) * bytes;
    copy_any_row(ACT_F32, (char *)values, a->w_dtype, p, columns, NULL, NULL);
#pragma clang loop unroll_count(8)
    for (int c = 0; c < columns; c++) block[c][r] = values[c];
  }
}

INLINE vf v_rounded_to_bf16(vf v) { return v_from_bf16(v_to_bf16(v)); }
// The nearest integer, ties to even, of |v| < 2^22.
INLINE vf v_nearest(vf v) { return (v + 0x1.8p23f) - 0x1.8p23f; }
INLINE vf v_clamp(vf v, float low, float high) { return v_min(v_max(v, v_splat(low)), v_splat(high)); }
INLINE vf v_inverse_or_zero(vf v) { return v_select(v == 0.0f, v_splat(0.0f), 1.0f / v); }
// Integers below 256 from their floats; any other float gives some byte.
INLINE vu v_bytes(vf integers) { return (vu)(integers + 0x1.8p23f) & 0xffu; }

// Four columns of WIDTH rows, a byte each.
INLINE vu quad_of_bytes(const vf *columns) {
  vu quad = v_bytes(columns[0]);
  for (int i = 1; i < 4; i++) quad |= v_bytes(columns[i]) << (8 * i);
  return quad;
}

static void pack_q8_block(weight_block block, int lane, vh *scale, vu *quads) {
  vf largest = v_splat(0.0f);
  UNROLL for (int c = 0; c < QUANT_BLOCK; c++) largest = v_max(largest, v_abs(v_load(block[c] + lane)));
  *scale = v_to_bf16(largest / 127.0f);
  vf inverse = v_inverse_or_zero(v_from_bf16(*scale));
  for (int c = 0; c < QUANT_BLOCK; c += 4) {
    vf bytes[4];
    for (int i = 0; i < 4; i++)
      bytes[i] = v_clamp(v_nearest(v_load(block[c + i] + lane) * inverse), -127.0f, 127.0f) + 128.0f;
    quads[c / 4] = quad_of_bytes(bytes);
  }
}

// The 16 levels of a row's block, and the squared error of rounding to them.
typedef struct {
  vf scale, offset, error;
} q4_levels;

INLINE vf q4_nearest_level(vf v, vf offset, vf inverse) {
  return v_clamp(v_nearest((v - offset) * inverse), 0.0f, 15.0f);
}

// Tries the levels, keeps them where they are better than the best, and moves them to the least squares fit
// of the values to the integers they got.
static void q4_try(weight_block block, int lane, vf *scale, vf *offset, q4_levels *best) {
  vf s = v_rounded_to_bf16(*scale), o = v_rounded_to_bf16(*offset), inverse = v_inverse_or_zero(s);
  vf error = v_splat(0.0f), q1 = error, q2 = error, v1 = error, qv = error;
  for (int c = 0; c < QUANT_BLOCK; c++) {
    vf v = v_load(block[c] + lane), q = q4_nearest_level(v, o, inverse);
    vf missing = v - (q * s + o);
    error += missing * missing;
    q1 += q, q2 += q * q, v1 += v, qv += q * v;
  }
  vi better = error < best->error;
  best->scale = v_select(better, s, best->scale);
  best->offset = v_select(better, o, best->offset);
  best->error = v_select(better, error, best->error);
  const float count = QUANT_BLOCK;
  vf spread = count * q2 - q1 * q1;
  vf fitted = v_select(spread > 0.0f, (count * qv - q1 * v1) / spread, v_splat(0.0f));
  *scale = fitted;
  *offset = (v1 - fitted * q1) / count;
}

static void pack_q4_block(weight_block block, int lane, vh *scale, vh *offset, vf *levels) {
  vf low = v_load(block[0] + lane), high = low;
  for (int c = 1; c < QUANT_BLOCK; c++) {
    vf v = v_load(block[c] + lane);
    low = v_min(low, v), high = v_max(high, v);
  }
  q4_levels best = {(high - low) / 15.0f, low, v_splat(__builtin_inff())};
  vf middle = 0.5f * (low + high);
  // Ranges that leave out the ends more and more, then one with a level at zero and the larger end.
  for (int candidate = 0; candidate < 6; candidate++) {
    vf s = (high - low) / 15.0f * (1.0f - 0.05f * (float)candidate), o = middle - 7.5f * s;
    if (candidate == 5) {
      vi up = high > v_negate(low);
      s = v_max(high, v_negate(low)) / 8.0f;
      o = v_select(up, -7.0f * s, -8.0f * s);
    }
    UNROLL for (int step = 0; step < 3; step++) q4_try(block, lane, &s, &o, &best);
  }
  *scale = v_to_bf16(best.scale);
  *offset = v_to_bf16(best.offset);
  vf inverse = v_inverse_or_zero(best.scale);
  for (int c = 0; c < QUANT_BLOCK; c++)
    levels[c] = q4_nearest_level(v_load(block[c] + lane), best.offset, inverse);
}

static void pack_group_q8(weight_block *blocks, char *out) {
  for (int b = 0; b < 2; b++)
    for (int lane = 0; lane < PANEL_ROWS; lane += WIDTH) {
      vh scale;
      vu quads[QUANT_BLOCK / 4];
      pack_q8_block(blocks[b], lane, &scale, quads);
      memcpy(out + b * 32 + lane * 2, &scale, sizeof scale);
      for (int i = 0; i < QUANT_BLOCK / 4; i++)
        memcpy(out + 64 + (b * 8 + i) * 64 + lane * 4, &quads[i], sizeof(vu));
    }
}

static void pack_group_q4(weight_block *blocks, char *out) {
  for (int lane = 0; lane < PANEL_ROWS; lane += WIDTH) {
    vf levels[2][QUANT_BLOCK];
    for (int b = 0; b < 2; b++) {
      vh scale, offset;
      pack_q4_block(blocks[b], lane, &scale, &offset, levels[b]);
      memcpy(out + b * 32 + lane * 2, &scale, sizeof scale);
      memcpy(out + 64 + b * 32 + lane * 2, &offset, sizeof offset);
    }
    UNROLL for (int i = 0; i < QUANT_BLOCK / 4; i++) {
      vu quads = quad_of_bytes(&levels[0][4 * i]) | quad_of_bytes(&levels[1][4 * i]) << 4;
      memcpy(out + 128 + i * 64 + lane * 4, &quads, sizeof quads);
    }
  }
}

static void pack_block_bf16(weight_block block, char *out) {
  for (int c = 0; c < QUANT_BLOCK; c += 2)
    for (int lane = 0; lane < PANEL_ROWS; lane += WIDTH) {
      vu even = __builtin_convertvector(v_to_bf16(v_load(block[c] + lane)), vu);
      vu odd = __builtin_convertvector(v_to_bf16(v_load(block[c + 1] + lane)), vu);
      vu pair = even | odd << 16;
      memcpy(out + c * 32 + lane * 4, &pair, sizeof pair);
    }
}

static void pack(const void *args, int worker, int workers) {
  const act_pack_args *a = args;
  const size_t bytes = panel_bytes(a->out_dtype, (size_t)a->k);
  share panels = share_of((int64_t)panel_count((size_t)a->n), worker, workers);
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    char *out = (char *)a->out + (size_t)panel * bytes;
    for (int64_t k = 0; k < a->k; k += QUANT_GROUP) {
      weight_block blocks[2];
      for (int b = 0; b < 2; b++) {
        int64_t column = k + b * QUANT_BLOCK;
        int columns = (int)least(QUANT_BLOCK, a->k - column);
        if (columns > 0)
          load_weight_block(a, panel * PANEL_ROWS, column, blocks[b]);
        else
          memset(blocks[b], 0, sizeof(weight_block));
        if (columns > 0 && a->out_dtype == ACT_F32X16)
          memcpy(out + column * 64, blocks[b], (size_t)columns * 64);
        else if (columns > 0 && a->out_dtype == ACT_BF16X16)
          pack_block_bf16(blocks[b], out + column * 32);
      }
      if (a->out_dtype == ACT_Q8X16) pack_group_q8(blocks, out + k / QUANT_GROUP * Q8_GROUP_BYTES);
      if (a->out_dtype == ACT_Q4X16) pack_group_q4(blocks, out + k / QUANT_GROUP * Q4_GROUP_BYTES);
    }
  }
}
