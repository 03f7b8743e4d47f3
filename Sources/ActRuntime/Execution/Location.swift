import ActIR

/// How many rows a kernel call covers.
enum RowCount: Hashable {
  case fixed(Int)
  /// As many as the call binds to the symbol.
  case symbol(String)
}

/// The address of a value and its strides, as kernels use them. Strides count elements.
struct Location {
  var base: UnsafeMutableRawPointer
  var dtype: DType
  /// nil for a scalar or vector that every row shares.
  var rows: RowCount?
  var columns: Int
  var rowStride: Int
  /// Distance between the values of two slots; 0 for values that all slots share.
  var slotStride = 0
  var isScalar = false

  /// A value of fixed size on its own: a scalar, a vector or a row-major matrix.
  init(_ base: UnsafeMutableRawPointer, _ type: TensorType) {
    self.base = base
    dtype = type.dtype
    columns = type.shape.last?.fixed ?? 1
    rowStride = columns
    isScalar = type.rank == 0
    switch type.shape.first {
    case .fixed(let size) where type.rank == 2: rows = .fixed(size)
    case .symbol(let name): rows = .symbol(name)
    default: break
    }
    if type.rank == 1, case .symbol = type.shape[0] {
      columns = 1
      rowStride = 1
    }
  }

  /// The value as an operand of a row-wise kernel.
  var operand: (rowStride: Int, slotStride: Int, columnStride: Int) {
    (rows == nil ? 0 : rowStride, slotStride, isScalar ? 0 : 1)
  }

  /// The values of a row of floats.
  func row(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: floats + index * rowStride, count: columns)
  }

  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
