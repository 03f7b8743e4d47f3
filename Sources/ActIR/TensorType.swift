/// The element type of a tensor.
public enum DType: String, Hashable, Sendable, CaseIterable {
  case f32, f16, bf16, i32, bool

  /// Bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .f32, .i32: 4
    case .f16, .bf16: 2
    case .bool: 1
    }
  }

  /// Whether the type holds real numbers, so that kernels widen it to f32.
  public var isFloat: Bool { self == .f32 || self == .f16 || self == .bf16 }
}

/// One axis: a size known at compile time, or a symbol bound when the plan runs.
public enum Dim: Hashable, Sendable {
  case fixed(Int)
  /// `T`: tokens of this call; `R`: rows whose logits are wanted.
  case symbol(String)

  public var fixed: Int? { if case .fixed(let size) = self { size } else { nil } }
}

/// The type of every value in a graph: an element type and a shape, printed `f32[T,64]`.
public struct TensorType: Hashable, Sendable {
  public var dtype: DType
  public var shape: [Dim]

  public init(_ dtype: DType, _ shape: [Dim]) {
    self.dtype = dtype
    self.shape = shape
  }

  public var rank: Int { shape.count }

  /// The number of elements where every axis is fixed, else nil (also where the product overflows).
  public var fixedCount: Int? {
    var count = 1
    for dim in shape {
      guard let size = dim.fixed else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}

extension TensorType: CustomStringConvertible {
  public var description: String {
    let dims = shape.map { dim in
      switch dim {
      case .fixed(let size): String(size)
      case .symbol(let name): name
      }
    }
    return "\(dtype.rawValue)[\(dims.joined(separator: ","))]"
  }
}
