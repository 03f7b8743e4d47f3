import ActIR
import ActKernels

/// How many rows a kernel call covers.
struct RowCount: Hashable {
  /// The symbol, by its place among the plan's limits, that the call multiplies; nil: the number is fixed.
  var symbol: Int?
  var factor: Int
}

/// The address of a value, its type and its strides, as kernels use them. Strides count elements.
struct Location {
  var base: UnsafeMutableRawPointer
  let type: TensorType
  /// Rows of channels: the product of the leading dimensions.
  let rows: RowCount
  let columns: Int
  /// Distance between two rows.
  var rowStride: Int
  /// Distance between the values of two slots; 0 for values that all slots share.
  var slotStride = 0
  /// Of rows that entries have one each of, the entry of each row that reads one.
  var entries: UnsafePointer<Int32>?
  /// Of keys and values, where those of each entry lie.
  var keyValues: KeyValueTable?
  /// The value's index in the plan; nil for what is no plan's.
  var value: Int?

  /// A value whose rows follow each other without gaps.
  ///
  /// - Parameters:
  ///   - base: its address.
  ///   - type: its type, of which the first dimension alone may be a symbol.
  ///   - symbol: the place of a symbol among the plan's limits.
  init(
    _ base: UnsafeMutableRawPointer, _ type: TensorType, symbol: (String) -> Int? = { _ in nil }
  ) {
    self.base = base
    self.type = type
    // Whole numbers have no channels: each is a row's.
    let leading =
      type.dtype == .i32 ? type.shape[...] : type.shape.dropLast(type.dtype.keyValueElement == nil ? 1 : 2)
    columns = type.dtype == .i32 ? 1 : type.shape.last?.fixed ?? 1
    rowStride = columns
    var count = RowCount(symbol: nil, factor: 1)
    for dim in leading {
      switch dim {
      case .fixed(let size): count.factor *= size
      case .symbol(let name): count.symbol = symbol(name)
      }
    }
    rows = count
  }

  var dtype: DType { type.dtype }
  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
  var integers: UnsafePointer<Int32> { UnsafePointer(base.assumingMemoryBound(to: Int32.self)) }

  /// The values of a row of floats.
  func row(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: floats + (entries.map { Int($0[index]) } ?? index) * rowStride, count: columns)
  }

  /// The value as an operand of a kernel whose result is `out`: repeated as its shape says.
  func operand(of out: Location) -> act_operand {
    guard let pattern = RowPattern(of: type.shape, in: out.type.shape) else {
      preconditionFailure("verified plans have operands of fixed sizes")
    }
    return act_operand(
      data: floats, row_stride: pattern.modulus == 1 ? 0 : rowStride, slot_stride: slotStride,
      column_stride: pattern.repeatsChannels ? 0 : 1, row_divisor: Int32(pattern.divisor),
      row_modulus: Int32(pattern.modulus ?? 0), entries: entries)
  }

  /// Bytes of a matrix, or of each of several.
  var matrixByteCount: Int { TensorType(dtype, type.shape.suffix(2)).byteCount() ?? 0 }

  /// Elements of a value of fixed size.
  var fixedCount: Int { rows.factor * columns }
}
