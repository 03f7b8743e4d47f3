import ActLimits

/// The element type of a tensor.
public enum DType: String, Hashable, Sendable, CaseIterable {
  /// Numbers in IEEE single precision, in which everything is computed.
  case f32
  /// Numbers in IEEE half precision.
  case f16
  /// The upper half of an `f32`.
  case bf16
  /// Whole numbers of 32 bits: tokens, positions and rows.
  case i32
  /// Masks: what comparisons give and `select` takes.
  case bool
  /// Matrices packed for linear layers, in panels of 16 rows; see ``PackedFormat``. Several lie one after the other.
  case f32x16, bf16x16, q8x16, q4x16
  /// Keys and values of attention, `[positions, heads, channels of a head]`, in blocks of positions; see ``KeyValues``.
  case kvf32, kvbf16

  /// Bytes of one element; nil for packed types. A mask's element is an f32, 1 or 0, in memory as in a plan's file.
  public var byteWidth: Int? {
    switch self {
    case .f32, .i32, .bool: 4
    case .f16, .bf16: 2
    case .f32x16, .bf16x16, .q8x16, .q4x16, .kvf32, .kvbf16: nil
    }
  }

  /// Of keys and values, the type of each element; nil for other types.
  public var keyValueElement: DType? {
    switch self {
    case .kvf32: .f32
    case .kvbf16: .bf16
    case .f32, .f16, .bf16, .i32, .bool, .f32x16, .bf16x16, .q8x16, .q4x16: nil
    }
  }

  /// Whether the type holds real numbers, so that kernels widen it to f32.
  public var isFloat: Bool { self == .f32 || self == .f16 || self == .bf16 }
}

/// One axis: a size known at compile time, or a symbol bound when the plan runs.
public enum Dim: Hashable, Sendable {
  /// A size known at compile time.
  case fixed(Int)
  /// `T`: rows of this call, tokens or others; `P`: packed rows of images; `T+P`: both of each entry, see ``RowKind``; `R`: chosen rows;
  /// `B`: entries, each a sequence or an image; `S`: rows of text that a cache holds. In a transport function any word,
  /// for a size at the site.
  case symbol(String)

  /// The size, or nil for a symbol.
  public var fixed: Int? { if case .fixed(let size) = self { size } else { nil } }
}

/// The type of every value in a graph: an element type and a shape, printed `f32[T,64]`.
public struct TensorType: Hashable, Sendable {
  /// The type of each element.
  public var dtype: DType
  /// The axes, the last one contiguous; none for a scalar.
  public var shape: [Dim]

  /// A type of elements and axes, as in `TensorType(.f32, [.symbol("T"), .fixed(64)])`.
  public init(_ dtype: DType, _ shape: [Dim]) {
    self.dtype = dtype
    self.shape = shape
  }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// The most axes that a tensor of a plan or of a map has.
  public static var maximumRank: Int { ACT_MAX_RANK }

  /// Whether it is rows of channels whose number the call decides: a symbol first, and fixed sizes after it.
  public var isRows: Bool {
    guard rank >= 2, case .symbol = shape[0] else { return false }
    return elementsPerSymbol != nil
  }

  /// Whether it is images `[B,H,W,C]`, whose rows are pixels.
  public var isImages: Bool { rank == 4 && shape[0] == .symbol("B") }

  /// The product of the fixed sizes after a symbol; nil where others are no fixed sizes, or it overflows.
  public var elementsPerSymbol: Int? {
    guard case .symbol? = shape.first else { return nil }
    return TensorType(.f32, Array(shape.dropFirst())).fixedCount
  }

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

  /// The bytes that a value takes in memory.
  ///
  /// - Parameter limit: the largest value of a symbol.
  /// - Returns: nil where a size is unknown or the product overflows.
  public func byteCount(_ limit: (_ symbol: String) -> Int? = { _ in nil }) -> Int? {
    var sizes: [Int] = []
    for dim in shape {
      switch dim {
      case .fixed(let size): sizes.append(size)
      case .symbol(let name):
        guard let size = limit(name) else { return nil }
        sizes.append(size)
      }
    }
    if let format = dtype.packedFormat {
      guard (2...3).contains(sizes.count), sizes.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
        return nil
      }
      let grid = format.grid(rows: sizes[sizes.count - 2], columns: sizes[sizes.count - 1])
      sizes = sizes.dropLast(2) + [grid.panels, grid.units]
    }
    if let element = dtype.keyValueElement {
      return KeyValues.byteCount(element, sizes, entries: limit("B") ?? 1)
    }
    var count = dtype.packedFormat?.unitByteCount ?? dtype.byteWidth ?? 0
    for size in sizes {
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
