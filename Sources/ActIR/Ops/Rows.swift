/// `table: [V,D], tokens: i32[T] -> f32[T,D]`
struct EmbeddingOp: OpDefinition {
  let mnemonic = "embedding"
  var op: Op { .embedding }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap], elementwise: nil, matrix: 0, index: 1, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let table = try operands.layer(0)
    return TensorType(.f32, try operands.integers(1, "tokens").shape + [table.shape[1]])
  }
}

/// `x: f32[T,…], rows: i32[R] -> f32[R,…]`
struct TakeRowsOp: OpDefinition {
  let mnemonic = "take_rows"
  var op: Op { .takeRows }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .step, [.cheap, .contiguous], elementwise: nil, matrix: nil, index: 1, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let x = try operands.rows(0)
    guard x.type.rank >= 2 else { throw operands.mismatch("rows to take from") }
    return TensorType(.f32, try operands.integers(1, "rows").shape + x.type.shape.dropFirst())
  }
}

/// Elements `start ..< start + count` along an axis, by default that of the channels.
struct SliceOp: OpDefinition {
  var slice = Slice(start: 0, count: 0)

  let mnemonic = "slice"
  var op: Op { .slice(slice) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap, .transports, slice.axis == nil ? .view : .contiguous], elementwise: nil,
      matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("start", &slice.start)
    try coder.int("count", &slice.count)
    try coder.optionalInt("axis", &slice.axis)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    var type = try operands.rows(0).type
    let axis = slice.axis ?? type.rank - 1
    guard slice.axis.map({ $0 < type.rank - 1 }) ?? true else {
      throw operands.mismatch("an axis before the last, which none stands for")
    }
    guard let size = type.shape[axis].fixed, slice.count > 0, slice.start <= size,
      slice.count <= size - slice.start
    else {
      let what = slice.axis == nil ? "columns" : "axis \(axis):"
      throw operands.mismatch("\(what) \(slice.start) ..< \(slice.start) + \(slice.count) inside x")
    }
    type.shape[axis] = .fixed(slice.count)
    return type
  }
}

/// The attributes of a slice.
public struct Slice: Hashable, Sendable {
  /// The first element.
  public var start: Int
  /// How many elements.
  public var count: Int
  /// Along which axis; nil: the last, that of the channels.
  public var axis: Int?

  /// `count` elements from `start` on.
  public init(start: Int, count: Int, axis: Int? = nil) {
    self.start = start
    self.count = count
    self.axis = axis
  }
}

/// Joins along an axis; an operand that is 1 along all axes before it is repeated along them.
/// `a: […,N,…], b: […,M,…], … -> […,N+M+…,…]`
struct ConcatOp: OpDefinition {
  var axis = 0

  let mnemonic = "concat"
  var op: Op { .concat(axis: axis) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.transports, .contiguous], elementwise: nil, matrix: nil, index: nil,
      overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.int("axis", &axis, default: 0)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    func isRepeated(_ type: TensorType) -> Bool { type.shape.prefix(axis).allSatisfy { $0 == .fixed(1) } }
    guard var type = operands.types.first(where: { !isRepeated($0) }) ?? operands.types.first,
      type.rank > axis
    else { throw operands.mismatch("at least one operand") }
    var size = 0
    for operand in operands.types {
      var alike = operand
      if operand.rank == type.rank {
        alike.shape[axis] = type.shape[axis]
        if isRepeated(operand) { alike.shape.replaceSubrange(..<axis, with: type.shape[..<axis]) }
      }
      guard alike == type, operand.dtype.packedFormat == nil, let count = operand.shape[axis].fixed else {
        throw operands.mismatch("operands alike but for axis \(axis), of fixed sizes there")
      }
      let (sum, overflow) = size.addingReportingOverflow(count)
      guard !overflow else { throw operands.mismatch("a total that fits") }
      size = sum
    }
    type.shape[axis] = .fixed(size)
    return type
  }
}

/// The same elements in the same order under another shape. `[S] -> [S']`
struct ReshapeOp: OpDefinition {
  var shape: [Dim] = []

  let mnemonic = "reshape"
  var op: Op { .reshape(shape) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap, .transports, .view, .contiguous], elementwise: nil, matrix: nil,
      index: nil, overwrites: .none)
  }

  /// The declared type names the shape.
  mutating func code(_ coder: inout AttributeCoder) {
    if let type = coder.declaredType { shape = type.shape }
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let x = operands[0]
    let symbols = [x.shape, shape].map { $0.filter { $0.fixed == nil } }
    func count(_ shape: [Dim]) -> Int? { TensorType(.f32, shape.filter { $0.fixed != nil }).fixedCount }
    guard x.dtype.packedFormat == nil, symbols[0] == symbols[1], let old = count(x.shape), old == count(shape)
    else { throw operands.mismatch("as many elements as \(TensorType(x.dtype, shape)) has") }
    return TensorType(x.dtype, shape)
  }
}
