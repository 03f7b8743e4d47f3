// What the lanes of one vector come to: over the quarters of four lanes first, then within one quarter.
typedef int32_t v4i __attribute__((vector_size(16)));

INLINE int32_t v_sum_lanes(vi a) {
  v4i parts[WIDTH / 4];
  memcpy(parts, &a, sizeof parts);
  for (int i = 1; i < WIDTH / 4; i++) parts[0] += parts[i];
  return parts[0][0] + parts[0][1] + parts[0][2] + parts[0][3];
}

INLINE int32_t v_greatest_integer(vi a) {
  v4i parts[WIDTH / 4];
  memcpy(parts, &a, sizeof parts);
  for (int i = 1; i < WIDTH / 4; i++) {
    const v4i greater = parts[i] > parts[0];
    parts[0] = (greater & parts[i]) | (~greater & parts[0]);
  }
  const int32_t left = parts[0][0] > parts[0][1] ? parts[0][0] : parts[0][1];
  const int32_t right = parts[0][2] > parts[0][3] ? parts[0][2] : parts[0][3];
  return left > right ? left : right;
}

// Of lanes without NaN.
INLINE float v_greatest_lane(vf a) {
  v4 parts[WIDTH / 4];
  memcpy(parts, &a, sizeof parts);
  for (int i = 1; i < WIDTH / 4; i++)
    for (int j = 0; j < 4; j++) parts[0][j] = parts[i][j] > parts[0][j] ? parts[i][j] : parts[0][j];
  const float left = parts[0][0] > parts[0][1] ? parts[0][0] : parts[0][1];
  const float right = parts[0][2] > parts[0][3] ? parts[0][2] : parts[0][3];
  return left > right ? left : right;
}
