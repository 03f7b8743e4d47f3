import ActIR
import ActKernels

/// Rows that a linear layer reads, as they have been packed.
struct PackedRows: Equatable {
  var base: UnsafeMutableRawPointer
  var rowStride: Int
  var rows: RowCount
  var weights: DType
  var columns: Int
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
    let rows = PackedRows(
      base: x.base, rowStride: x.rowStride, rows: x.rows, weights: w.dtype, columns: w.columns)
    // Layers that read the same rows one after another, as gate and up, have them packed once.
    defer { packed = out.base == x.base ? nil : rows }
    if packed == rows { return [product] }
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
