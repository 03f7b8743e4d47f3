// Integer dot products of four columns by one instruction of AVX-512 VNNI: u8 by s8.
typedef int32_t x_quad;
typedef vu w_quad;
typedef vi quad_sum;

INLINE x_quad x_quad_from(const int8_t *q) {
  x_quad quad;
  memcpy(&quad, q, sizeof quad);
  return quad;
}
INLINE w_quad w_quad_from(vu bytes) { return bytes; }
INLINE quad_sum quad_start(int32_t sum) { return v_splat_int(sum); }
INLINE quad_sum quad_dot(quad_sum sum, w_quad w, const x_quad *x) {
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, (__m512i)v_splat_int(*x));
}
INLINE vf quad_total(quad_sum sum) { return __builtin_convertvector(sum, vf); }
