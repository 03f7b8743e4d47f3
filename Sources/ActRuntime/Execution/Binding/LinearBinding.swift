import ActIR
import ActKernels

/// Rows that linear layers read, as they have been packed.
struct PackedRows: Equatable {
  /// The plan's value. It is computed once a step, so that its packed rows hold until others take their place.
  var value: Int
  /// The type of the matrices that they are packed for.
  var weights: DType
}

extension Binder {
  mutating func linear(_ inputs: [Location], _ out: Location) -> [KernelTask] {
    linear(
      inputs[0], inputs[1], epilogue: inputs.count == 3 ? .addition : .identity, inputs.dropFirst(2), out)
  }

  mutating func linear(
    _ x: Location, _ w: Location, epilogue: Expression, _ operands: ArraySlice<Location>, _ out: Location
  ) -> [KernelTask] {
    let (dtype, k) = (w.dtype.kernelType, Int32(w.columns))
    let (slots, rowsPerSlot) = slots(out)
    // Some kernels read rows that are packed first, by all workers for all; most pack a single row themselves.
    let isPackedFirst = act_linear_scratch(dtype, 2, k) > 0
    let args = act_linear_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      w: UnsafeRawPointer(w.base), w_dtype: dtype, rows: 0, n: Int32(w.rows.factor), k: k, slots: slots,
      rows_per_slot: rowsPerSlot, epilogue: act_expr(epilogue),
      inputs: act_operands(operands, of: out, from: 1), packed_x: isPackedFirst ? context.packedRows : nil)
    let product = task(act_linear, args, rows: \.rows, x)
    guard isPackedFirst else { return [product] }
    // Layers that read the same rows, as those of queries, keys and values, have them packed once.
    let rows = x.value.map { PackedRows(value: $0, weights: w.dtype) }
    if let rows, packed == rows { return [product] }
    packed = rows
    var packing = task(act_pack_rows, args, rows: \.rows, x)
    packing.leastRows = act_linear_scratch(dtype, 1, k) > 0 ? 1 : 2
    return [packing, product]
  }
}

extension Expression {
  static let identity = Expression(inputCount: 1, instructions: [])
  fileprivate static let addition = Expression(
    inputCount: 2, instructions: [.init(.binary(.add), [.input(0), .input(1)])])
}
