// Integer dot products of four columns on levels without instructions for them: in f32, where every sum of 32
// products of bytes is exact.
typedef struct {
  float k[4];
} x_quad;
typedef struct {
  vf k[4];
} w_quad;
typedef vf quad_sum;

INLINE x_quad x_quad_from(const int8_t *q) { return (x_quad){{q[0], q[1], q[2], q[3]}}; }
INLINE w_quad w_quad_from(vu bytes) {
  w_quad w;
  for (int i = 0; i < 4; i++) w.k[i] = __builtin_convertvector((vi)(bytes >> (8 * i) & 0xffu), vf);
  return w;
}
INLINE quad_sum quad_start(int32_t sum) { return v_splat((float)sum); }
INLINE quad_sum quad_dot(quad_sum sum, w_quad w, const x_quad *x) {
  for (int i = 0; i < 4; i++) sum = v_fma(w.k[i], v_splat(x->k[i]), sum);
  return sum;
}
INLINE vf quad_total(quad_sum sum) { return sum; }
