// Normalisation of rows.
#ifndef ACT_KERNELS_NORM_H
#define ACT_KERNELS_NORM_H

#include "elementwise.h"

// Of rms_norm and layer_norm. RMSNorm: out = x / sqrt(mean(x^2) + eps) * gain (+ bias). LayerNorm: out = (x - mean) / sqrt(var + eps) * gain (+ bias).
// gain.data or bias.data null: left out. out may alias x exactly. A norm by head has a row a head.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t rows, columns;
  float eps;
  const int32_t *slots;
  int32_t rows_per_slot;
  act_operand gain, bias;
} act_norm_args;

#endif
