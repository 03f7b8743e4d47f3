import ActIR
import ActKernels

extension Binder {
  /// A convolution of `inputs`: image, matrix, and what the epilogue reads beside the product.
  func conv(_ windows: Windows, _ inputs: [Location], _ epilogue: Expression, _ out: Location) -> KernelTask {
    let (x, w) = (inputs[0], inputs[1])
    let (slots, rowsPerSlot) = slots(out)
    let args = act_conv_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      w: UnsafeRawPointer(w.base), w_dtype: w.dtype.kernelType, batch: 0, channels: Int32(x.columns),
      n: Int32(out.columns), pairs: w.type.makesPairs ? 1 : 0, w_stride_bytes: w.matrixByteCount,
      windows: act_windows(windows, x.type, out.type), slots: slots,
      rows_per_slot: rowsPerSlot, epilogue: act_expr(epilogue),
      inputs: act_operands(inputs.dropFirst(2), of: out, from: 1), scratch: context.scratch,
      scratch_per_worker: context.scratchPerWorker)
    return task(act_conv, args, rows: \.batch, out, rowsPerBlock: out.size.height * out.size.width)
  }

  func upsample(_ x: Location, _ out: Location) -> KernelTask {
    let (from, to) = (x.size, out.size)
    let args = act_upsample_nearest_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      batch: 0, channels: Int32(x.columns), height: Int32(from.height), width: Int32(from.width),
      out_height: Int32(to.height), out_width: Int32(to.width))
    return task(act_upsample_nearest, args, rows: \.batch, out, rowsPerBlock: to.height * to.width)
  }

  func averagePool(_ pooling: AveragePool, _ x: Location, _ out: Location) -> KernelTask {
    let args = act_average_pool_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      batch: 0, channels: Int32(x.columns), windows: act_windows(pooling.windows, x.type, out.type),
      counts_padding: pooling.counts == .window ? 1 : 0)
    return task(act_average_pool, args, rows: \.batch, out, rowsPerBlock: out.size.height * out.size.width)
  }

  /// The mean of each channel over an image.
  func averageOfAll(_ x: Location, _ out: Location) -> KernelTask {
    averagePool(AveragePool(windows: Windows(kernel: [x.size.height, x.size.width])), x, out)
  }
}

extension Location {
  fileprivate var size: (height: Int, width: Int) { type.imageSize }
}

extension TensorType {
  /// Whether matrices of a convolution make two pixels at once.
  var makesPairs: Bool { rank == 3 }

  /// Height and width of an image, `[B,H,W,C]`.
  fileprivate var imageSize: (height: Int, width: Int) {
    guard rank == 4, let height = shape[1].fixed, let width = shape[2].fixed else {
      preconditionFailure("verified")
    }
    return (height, width)
  }
}

extension act_windows {
  /// The windows of images of one type over which those of another are computed.
  init(_ windows: Windows, _ x: TensorType, _ out: TensorType) {
    let (from, to) = (x.imageSize, out.imageSize)
    self.init(
      height: Int32(from.height), width: Int32(from.width), out_height: Int32(to.height),
      out_width: Int32(to.width), kernel_height: Int32(windows.kernel[0]),
      kernel_width: Int32(windows.kernel[1]), stride_height: Int32(windows.stride[0]),
      stride_width: Int32(windows.stride[1]), top: Int32(windows.padding[0]), left: Int32(windows.padding[1]))
  }
}
