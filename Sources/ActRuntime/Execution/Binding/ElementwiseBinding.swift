import ActIR
import ActKernels

extension Binder {
  func elementwise(_ body: Expression, _ inputs: [Location], _ out: Location) -> KernelTask {
    let (slots, rowsPerSlot) = slots(out)
    let args = act_elementwise_args(
      out: out.floats, out_row_stride: out.rowStride, rows: 0, columns: Int32(out.columns),
      slots: slots, rows_per_slot: rowsPerSlot, expr: act_expr(body),
      inputs: act_operands(inputs[...], of: out))
    return task(act_elementwise, args, rows: \.rows, out)
  }

  func reduce(_ function: ReduceFunction, _ x: Location, _ out: Location) -> KernelTask {
    let args = act_reduce_args(
      out: out.floats, out_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      rows: 0, columns: Int32(x.columns), reduction: Int32(function.kernelType.rawValue))
    return task(act_reduce, args, rows: \.rows, out)
  }

  func moments(_ x: Location, _ out: Location) -> KernelTask {
    let args = act_moments_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      batch: 0, rows: Int32(x.rows.factor), channels: Int32(x.columns))
    return task(act_moments, args, rows: \.batch, out, rowsPerBlock: 2)
  }

  func softmax(_ x: Location, _ out: Location) -> KernelTask {
    let args = act_softmax_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      rows: 0, columns: Int32(out.columns))
    return task(act_softmax, args, rows: \.rows, out)
  }

  func interpolate(_ x: Location, knots: Location, values: Location, _ out: Location) -> KernelTask {
    let (slots, rowsPerSlot) = slots(out)
    let args = act_interpolate_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      rows: 0, columns: Int32(out.columns), knots: UnsafePointer(knots.floats),
      values: UnsafePointer(values.floats), knots_slot_stride: knots.slotStride,
      values_slot_stride: values.slotStride, count: Int32(knots.rows.factor), slots: slots,
      rows_per_slot: rowsPerSlot)
    return task(act_interpolate, args, rows: \.rows, out)
  }

  func norm(_ function: ThreadPool.Task, _ eps: Float, _ inputs: [Location], _ out: Location) -> KernelTask {
    let (slots, rowsPerSlot) = slots(out)
    func operand(_ index: Int) -> act_operand {
      index < inputs.count ? inputs[index].operand(of: out) : .none
    }
    let args = act_norm_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(inputs[0].floats),
      x_row_stride: inputs[0].rowStride, rows: 0, columns: Int32(out.columns), eps: eps, slots: slots,
      rows_per_slot: rowsPerSlot, gain: operand(1), bias: operand(2))
    return task(function, args, rows: \.rows, out)
  }
}

extension act_operand {
  /// No operand.
  static var none: act_operand {
    act_operand(
      data: nil, row_stride: 0, slot_stride: 0, column_stride: 0, row_divisor: 1, row_modulus: 0, entries: nil
    )
  }
}

extension act_operands {
  /// The operands of an expression over the rows of `out`, whose first is its input `first`.
  init(_ operands: ArraySlice<Location>, of out: Location, from first: Int = 0) {
    self.init()
    withUnsafeMutableBytes(of: &at) { raw in
      let places = raw.bindMemory(to: act_operand.self)
      precondition(first + operands.count <= places.count, "verified")
      for (index, operand) in operands.enumerated() { places[first + index] = operand.operand(of: out) }
    }
  }
}

extension ReduceFunction {
  fileprivate var kernelType: act_reduction {
    switch self {
    case .sum: ACT_REDUCE_SUM
    case .mean: ACT_REDUCE_MEAN
    case .max: ACT_REDUCE_MAX
    case .min: ACT_REDUCE_MIN
    }
  }
}
