// The primitives of a level without masked memory operations or half-precision instructions.
INLINE vf v_load_first(const float *p, int n) {
  vf v = {};
  memcpy(&v, p, (size_t)n * sizeof(float));
  return v;
}
INLINE void v_store_first(float *p, vf v, int n) { memcpy(p, &v, (size_t)n * sizeof(float)); }
INLINE vh v_load_u16_first(const uint16_t *p, int n) {
  vh v = {};
  memcpy(&v, p, (size_t)n * sizeof(uint16_t));
  return v;
}

// Exponents are rebiased by a product with 2^112, which also makes subnormals normal; infinities and NaNs get
// theirs set.
INLINE vf v_from_f16(vh h) {
  vu bits = __builtin_convertvector(h, vu);
  vu magnitude = (bits & 0x7fffu) << 13;
  vu special = (vu)(magnitude >= 0x0f800000u) & 0x7f800000u;
  vu widened = (vu)((vf)magnitude * v_splat(0x1p112f)) | special;
  return (vf)(widened | (bits & 0x8000u) << 16);
}

// Normal results round in integers; subnormal results by adding a float whose last place is f16's smallest
// step.
INLINE vh v_to_f16(vf v) {
  vu bits = (vu)v, magnitude = bits & 0x7fffffffu;
  vu normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  vu subnormal = (vu)((vf)magnitude + v_splat(0.5f)) - 0x3f000000u;
  vu nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  vu small = (vu)(magnitude < 0x38800000u), large = (vu)(magnitude >= 0x477ff000u);
  vu is_nan = (vu)(magnitude > 0x7f800000u);
  vu half = (small & subnormal) | (~small & normal);
  half = (large & 0x7c00u) | (~large & half);
  half = (is_nan & nan) | (~is_nan & half);
  return __builtin_convertvector(half | (bits >> 16 & 0x8000u), vh);
}
