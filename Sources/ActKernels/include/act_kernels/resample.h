// Images of another size.
#ifndef ACT_KERNELS_RESAMPLE_H
#define ACT_KERNELS_RESAMPLE_H

#include "conv.h"

// out[b, y, x] = x[b, floor(y * height / out_height), floor(x * width / out_width)]: the nearest pixel, as PyTorch's mode
// "nearest" means it. x: [batch, height, width, channels], a row a pixel. The same at every level.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t batch, channels;
  int32_t height, width;
  int32_t out_height, out_width;
} act_upsample_nearest_args;
void act_upsample_nearest(const void *args, int worker, int workers);

// out[b, y, x] = the mean over the pixels of a window of x: [batch, height, width, channels], a row a pixel. With
// counts_padding the zeros past the image's sides count as pixels (PyTorch's count_include_pad), else they do not, and a
// window without a pixel of the image gives zeros.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t batch, channels;
  act_windows windows;
  int32_t counts_padding;
} act_average_pool_args;

#endif
