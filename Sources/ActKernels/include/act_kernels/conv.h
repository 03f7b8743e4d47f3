// Convolutions of images, whose rows are pixels.
#ifndef ACT_KERNELS_CONV_H
#define ACT_KERNELS_CONV_H

#include "elementwise.h"

// The windows of a convolution or a pooling: that of the pixel (y, x) of the result begins at the pixel
// (y * stride_height - top, x * stride_width - left) of the image. Past the image's four sides lie zeros; those at its
// bottom and right are as many as the size of the result asks for.
typedef struct {
  int32_t height, width;          // of the image
  int32_t out_height, out_width;  // of the result
  int32_t kernel_height, kernel_width;
  int32_t stride_height, stride_width;
  int32_t top, left;
} act_windows;

// out[b, y, x, o] = epilogue(sum over the window's pixels and their channels of image * w[o], inputs.at[1...]...), as
// act_linear computes it of rows that hold a window each. x: [batch, height, width, channels] f32, a row a pixel;
// w: [n, kernel_height * kernel_width * channels], of any type that act_linear takes, in this order of columns;
// out: [batch, out_height, out_width, n]. Rows of slots and operands are pixels of the result.
//
// With `pairs`, w are four matrices [n, kernel_height * channels], w_stride_bytes apart, from which two neighbouring
// pixels are made at once: of the three columns g of pixels of a line of the window, in their order g0,
// (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2 and g2. The kernel is three pixels wide and its windows one pixel apart.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const void *w;
  int32_t w_dtype;
  int32_t batch, channels, n;
  int32_t pairs;
  ptrdiff_t w_stride_bytes;
  act_windows windows;
  const int32_t *slots;
  int32_t rows_per_slot;
  act_expr epilogue;
  act_operands inputs;
  void *scratch;  // at a multiple of 64 bytes; not read where act_conv_scratch is 0
  ptrdiff_t scratch_per_worker;
} act_conv_args;

// Bytes of scratch of each worker at the level in force, a multiple of 64.
size_t act_conv_scratch(int32_t w_dtype, int32_t channels, const act_windows *windows, int32_t pairs);

#endif
