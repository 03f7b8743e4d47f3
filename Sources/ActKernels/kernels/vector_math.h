// Functions of a vector of floats. The value of a lane depends on nothing but its argument. Polynomials are
// minimax fits (relative error below 2^-27) evaluated by Horner's rule; the other error is rounding.

#if !HAS_DOT_BF16
// As v_to_bf16, but what is too small for a normal number may become zero, as it does in dot products of bf16.
INLINE vh v_to_bf16_normal(vf v) { return v_to_bf16(v); }
#endif

#ifndef HAS_SCALE
// 2^n for whole n in [-126, 127]. Adding 1.5 * 2^23 leaves an integer in the low bits.
INLINE vf v_power_of_two(vf n) { return (vf)(((vu)(n + 0x1.8p23f) + (127u - 0x4b400000u)) << 23); }
// a * 2^n for whole n in [-252, 254], rounded once; in two factors, since 2^n itself may be out of range.
INLINE vf v_scaled(vf a, vf n) {
  const vf half = (n * 0.5f + 0x1.8p23f) - 0x1.8p23f;
  return a * v_power_of_two(half) * v_power_of_two(n - half);
}
// The same for n in [-126, 127].
INLINE vf v_scaled_little(vf a, vf n) { return a * v_power_of_two(n); }
#endif

#define POLYNOMIAL_STEP(sum, x, c) v_fma(sum, x, v_splat(c))

// e^x within 2 ulp; subnormal results too. exp(x > 88.73) = inf, exp(x < -104) = 0.
INLINE vf v_exp(vf x) {
  x = v_select(x > 89.0f, v_splat(89.0f), x);
  x = v_select(x < -104.0f, v_splat(-104.0f), x);
  // Adding 1.5 * 2^23 rounds to the nearest integer.
  const float shifter = 0x1.8p23f;
  vf nearest = v_fma(x, v_splat(0x1.715476p0f), v_splat(shifter)) - shifter;
  // ln 2 in two parts, the first short enough that its product with n is exact.
  vf r = v_fma(nearest, v_splat(-0x1.62e4p-1f), x);
  r = v_fma(nearest, v_splat(-0x1.7f7d1cp-20f), r);
  vf q = v_splat(0.00139517173f);
  q = POLYNOMIAL_STEP(q, r, 0.00836959841f);
  q = POLYNOMIAL_STEP(q, r, 0.0416661873f);
  q = POLYNOMIAL_STEP(q, r, 0.166665129f);
  q = POLYNOMIAL_STEP(q, r, 0.5f);
  return v_scaled(v_fma(r * r, q, r) + 1.0f, nearest);
}

#define LOG2_E 0x1.715476p0f

// 2^x for x <= 0 within 2 ulp; 0 below 2^-126.
INLINE vf v_exp2_falling(vf x) {
  vi none = x < -126.0f;
  x = v_select(none, v_splat(-126.0f), x);
  const float shifter = 0x1.8p23f;
  vf nearest = (x + shifter) - shifter;
  vf f = x - nearest;
  vf p = v_splat(0.00015326463f);
  p = POLYNOMIAL_STEP(p, f, 0.0013390806f);
  p = POLYNOMIAL_STEP(p, f, 0.009618506f);
  p = POLYNOMIAL_STEP(p, f, 0.0555036f);
  p = POLYNOMIAL_STEP(p, f, 0.24022648f);
  p = POLYNOMIAL_STEP(p, f, 0.6931472f);
  p = POLYNOMIAL_STEP(p, f, 1.0f);
  return (vf)(~none & (vi)v_scaled_little(p, nearest));
}

// Natural logarithm within 2 ulp. log(0) = -inf, log(x < 0) = NaN.
INLINE vf v_log(vf x) {
  vi small = x < 0x1p-126f;
  vf scaled = v_select(small, x * 0x1p23f, x);
  vu bits = (vu)scaled;
  // The mantissa in [sqrt(1/2), sqrt(2)): 0x3f3504f3 is sqrt(1/2).
  vi exponent = (vi)(bits - 0x3f3504f3u) >> 23;
  vf mantissa = (vf)(bits - ((vu)exponent << 23));
  vf e = __builtin_convertvector(exponent - (small & 23), vf);
  // log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)), s = f / (2 + f), R the tail of the series of 2 atanh(s).
  vf f = mantissa - 1.0f;
  vf s = f / (f + 2.0f), z = s * s, half_square = 0.5f * f * f;
  vf r = v_splat(2.0f / 11.0f);
  r = POLYNOMIAL_STEP(r, z, 2.0f / 9.0f);
  r = POLYNOMIAL_STEP(r, z, 2.0f / 7.0f);
  r = POLYNOMIAL_STEP(r, z, 2.0f / 5.0f);
  r = POLYNOMIAL_STEP(r, z, 2.0f / 3.0f) * z;
  vf tail = v_fma(e, v_splat(0x1.7f7d1cp-20f), s * (half_square + r));
  vf result = v_fma(e, v_splat(0x1.62e4p-1f), f - (half_square - tail));
  result = v_select(x == 0.0f, v_splat(-__builtin_inff()), result);
  result = v_select(x < 0.0f, v_splat(__builtin_nanf("")), result);
  // inf and NaN are their own logarithms.
  return v_select((x == __builtin_inff()) | (x != x), x, result);
}

// tanh within 3 ulp.
INLINE vf v_tanh(vf x) {
  vf a = v_abs(x), square = x * x;
  vf p = v_splat(-0.00571703655f);
  p = POLYNOMIAL_STEP(p, square, 0.020650579f);
  p = POLYNOMIAL_STEP(p, square, -0.0537434953f);
  p = POLYNOMIAL_STEP(p, square, 0.133314912f);
  p = POLYNOMIAL_STEP(p, square, -0.333332839f);
  vf near = v_fma(p * square, a, a);
  vf far = 1.0f - 2.0f / (v_exp(a + a) + 1.0f);
  return v_with_sign(v_select(a < 0.625f, near, far), x);
}

INLINE vf v_sigmoid(vf x) { return 1.0f / (v_exp(v_negate(x)) + 1.0f); }
INLINE vf v_silu(vf x) { return x / (v_exp(v_negate(x)) + 1.0f); }

// x times the normal distribution function, from erfc(z) = exp(-z^2) p(1 / (1 + 0.4 z)), z = |x| / sqrt(2):
// no cancellation in either tail.
INLINE vf v_gelu(vf x) {
  vf z = v_abs(x) * 0x1.6a09e6p-1f;
  vf t = 1.0f / v_fma(z, v_splat(0.4f), v_splat(1.0f));
  vf p = v_splat(-0.0386723463f);
  p = POLYNOMIAL_STEP(p, t, 0.250278048f);
  p = POLYNOMIAL_STEP(p, t, -0.630608241f);
  p = POLYNOMIAL_STEP(p, t, 0.738781949f);
  p = POLYNOMIAL_STEP(p, t, -0.461162657f);
  p = POLYNOMIAL_STEP(p, t, 0.380500681f);
  p = POLYNOMIAL_STEP(p, t, 0.085041819f);
  p = POLYNOMIAL_STEP(p, t, 0.227081048f);
  p = POLYNOMIAL_STEP(p, t, 0.222855119f);
  p = POLYNOMIAL_STEP(p, t, 0.225913402f);
  p = POLYNOMIAL_STEP(p, t, -8.81991714e-06f);
  vf tail = 0.5f * p * v_exp(v_negate(0.5f * x * x));
  return x * v_select(x < 0.0f, tail, 1.0f - tail);
}

// 0.5 x (1 + tanh u), u = sqrt(2 / pi) (x + 0.044715 x^3), as x sigmoid(2 u).
INLINE vf v_gelu_tanh(vf x) {
  vf u = 0x1.988454p-1f * (x + 0.044715f * x * x * x);
  return x / (v_exp(-2.0f * u) + 1.0f);
}

// Through libm, lane by lane: exact range reduction for any argument, and off every hot path.
INLINE vf v_sin(vf x) {
  for (int i = 0; i < WIDTH; i++) x[i] = sinf(x[i]);
  return x;
}
INLINE vf v_cos(vf x) {
  for (int i = 0; i < WIDTH; i++) x[i] = cosf(x[i]);
  return x;
}
INLINE vf v_atan2(vf y, vf x) {
  for (int i = 0; i < WIDTH; i++) y[i] = atan2f(y[i], x[i]);
  return y;
}
