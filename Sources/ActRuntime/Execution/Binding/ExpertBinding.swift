import ActIR
import ActKernels

extension Binder {
  func choose(_ count: Int, _ scores: Location, _ out: Location) -> KernelTask {
    let args = act_choose_args(
      out: out.base.assumingMemoryBound(to: Int32.self), scores: UnsafePointer(scores.floats),
      scores_row_stride: scores.rowStride, rows: 0, columns: Int32(scores.columns), count: Int32(count))
    return task(act_choose, args, rows: \.rows, scores)
  }

  func takeChannels(_ x: Location, chosen: Location, _ out: Location) -> KernelTask {
    let args = act_take_channels_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      chosen: chosen.integers, rows: 0, count: Int32(out.columns))
    return task(act_take_channels, args, rows: \.rows, x)
  }

  func expertLinear(_ x: Location, _ w: Location, chosen: Location, _ out: Location) -> KernelTask {
    guard let experts = w.type.shape[0].fixed else { preconditionFailure("verified") }
    let args = act_expert_linear_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      rows_per_x: Int32(out.rows.factor / x.rows.factor), w: UnsafeRawPointer(w.base),
      w_stride_bytes: w.matrixByteCount, w_dtype: w.dtype.kernelType, chosen: chosen.integers, rows: 0,
      experts: Int32(experts), n: Int32(out.columns), k: Int32(w.columns), scratch: context.scratch,
      scratch_per_worker: context.scratchPerWorker)
    return task(act_expert_linear, args, rows: \.rows, out)
  }

  func weightedSum(_ x: Location, weights: Location, _ out: Location) -> KernelTask {
    let args = act_weighted_sum_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      weights: UnsafePointer(weights.floats), weights_row_stride: weights.rowStride, rows: 0,
      count: Int32(weights.columns), columns: Int32(out.columns))
    return task(act_weighted_sum, args, rows: \.rows, out)
  }
}
