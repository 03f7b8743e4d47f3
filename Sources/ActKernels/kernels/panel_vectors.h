// What panels are loaded by.

enum { LANE_GROUPS = PANEL_ROWS / WIDTH };

INLINE vu v_load_words(const char *p) {
  vu v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE vf v_load_bf16(const char *p) { return v_from_bf16(v_load_u16((const uint16_t *)p)); }
