// Integer dot products of four columns by products of 16-bit pairs: columns 0 and 2, then 1 and 3. (The
// instruction for bytes saturates sums of two products.) A level defines v_dot_pairs(sum, a, b): sum plus the
// products of both halves.
typedef struct {
  uint32_t even, odd;
} x_quad;
typedef struct {
  vu even, odd;
} w_quad;
typedef vi quad_sum;

INLINE x_quad x_quad_from(const int8_t *q) {
  return (x_quad){(uint16_t)q[0] | (uint32_t)(uint16_t)q[2] << 16,
                  (uint16_t)q[1] | (uint32_t)(uint16_t)q[3] << 16};
}
INLINE w_quad w_quad_from(vu bytes) { return (w_quad){bytes & 0x00ff00ffu, bytes >> 8 & 0x00ff00ffu}; }
INLINE quad_sum quad_start(int32_t sum) { return v_splat_int(sum); }
INLINE quad_sum quad_dot(quad_sum sum, w_quad w, const x_quad *x) {
  sum = v_dot_pairs(sum, w.even, (vu)v_splat_int((int32_t)x->even));
  return v_dot_pairs(sum, w.odd, (vu)v_splat_int((int32_t)x->odd));
}
INLINE vf quad_total(quad_sum sum) { return __builtin_convertvector(sum, vf); }
