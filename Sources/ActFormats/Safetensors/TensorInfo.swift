/// The element type of a stored tensor; the raw value is its name in safetensors.
package enum StorageType: String, Hashable, Sendable, CaseIterable {
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8e4m3 = "F8_E4M3"
  case f8e5m2 = "F8_E5M2"
  case u16 = "U16"
  case i16 = "I16"
  case f16 = "F16"
  case bf16 = "BF16"
  case u32 = "U32"
  case i32 = "I32"
  case f32 = "F32"
  case u64 = "U64"
  case i64 = "I64"
  case f64 = "F64"

  /// Bytes an element, which is also the alignment.
  package var width: Int {
    switch self {
    case .bool, .u8, .i8, .f8e4m3, .f8e5m2: 1
    case .u16, .i16, .f16, .bf16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64: 8
    }
  }
}

/// A tensor of a file: what it is and where its bytes lie.
package struct TensorInfo: Hashable, Sendable {
  package var name: String
  package var dtype: StorageType
  /// Outermost dimension first, row-major; empty for a scalar.
  package var shape: [Int]
  /// The bytes of the elements, counted from the start of the file, or of the tensor itself where they are computed.
  package var range: Range<Int>

  package init(name: String, dtype: StorageType, shape: [Int], range: Range<Int>) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.range = range
  }

  package var byteCount: Int { range.count }
  package var elementCount: Int { range.count / dtype.width }
}

/// The product of `dimensions`, or nil where one is negative or it overflows.
func elementCount(of dimensions: [Int]) -> Int? {
  var count = 1
  for dimension in dimensions {
    let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
    if overflow || dimension < 0 { return nil }
    count = product
  }
  return count
}
