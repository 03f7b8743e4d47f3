/// Row n times `s[n]`. `w: [N,K], s: f32[N] -> f32[N,K]`
struct ScaleRowsOp: OpDefinition {
  let mnemonic = "scale_rows"
  var op: Op { .scaleRows }
  var traits: OpTraits { .weightArithmetic }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? { try operands.scaled(by: 0) }
}

/// Column k times `s[k]`. `w: [N,K], s: f32[K] -> f32[N,K]`
struct ScaleColumnsOp: OpDefinition {
  let mnemonic = "scale_columns"
  var op: Op { .scaleColumns }
  var traits: OpTraits { .weightArithmetic }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? { try operands.scaled(by: 1) }
}

/// `w: [N,K], v: f32[K] -> f32[N]`
struct MatvecOp: OpDefinition {
  let mnemonic = "matvec"
  var op: Op { .matvec }
  var traits: OpTraits { .weightArithmetic }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let w = try operands.matrix(0)
    try operands.vector(1, w.shape[1], "a vector")
    return TensorType(.f32, [w.shape[0]])
  }
}

/// Axis i of the result is axis `axes[i]` of the operand. `w: [S] -> f32[S']`
struct PermuteOp: OpDefinition {
  var axes: [Int] = []

  let mnemonic = "permute"
  var op: Op { .permute(axes) }
  var traits: OpTraits { .weightArithmetic }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.ints("axes", &axes)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let w = operands[0]
    guard w.dtype.isFloat, w.fixedCount != nil, (1...TensorType.maximumRank).contains(w.rank) else {
      throw operands.mismatch("a tensor of 1 to \(TensorType.maximumRank) axes of fixed sizes")
    }
    guard axes.sorted() == Array(w.shape.indices) else {
      throw operands.mismatch("each of its \(w.rank) axes once")
    }
    return TensorType(.f32, axes.map { w.shape[$0] })
  }
}

/// Round to nearest even. `[S] -> dtype[S]`
struct CastOp: OpDefinition {
  var dtype = DType.f32

  let mnemonic = "cast"
  var op: Op { .cast(dtype) }
  var traits: OpTraits { .weightArithmetic }

  /// The declared type names the target.
  mutating func code(_ coder: inout AttributeCoder) {
    if let type = coder.declaredType { dtype = type.dtype }
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    guard operands[0].dtype.isFloat, dtype.isFloat else { throw operands.mismatch("floating-point types") }
    return TensorType(dtype, operands[0].shape)
  }
}

/// Rounded or quantised, and laid out for linear layers. `w: [N,K] -> dtype[N,K]`, or several matrices `[E,N,K]`
struct PackOp: OpDefinition {
  var dtype = DType.f32x16

  let mnemonic = "pack"
  var op: Op { .pack(dtype) }
  /// What a map's own matrices hold is never rounded by the map.
  var traits: OpTraits {
    OpTraits(.compile, in: .compile, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  /// The declared type names the target.
  mutating func code(_ coder: inout AttributeCoder) {
    if let type = coder.declaredType { dtype = type.dtype }
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    guard dtype.packedFormat != nil else {
      throw TypeMismatch(expected: "a packed type as the result", found: dtype.rawValue)
    }
    if operands[0].rank == 3, operands[0].dtype.isFloat, operands[0].fixedCount != nil {
      return TensorType(dtype, operands[0].shape)
    }
    return TensorType(dtype, try operands.matrix(0).shape)
  }
}

extension Operands {
  fileprivate func scaled(by axis: Int) throws(TypeMismatch) -> TensorType {
    try expect(2)
    let w = try matrix(0)
    try vector(1, w.shape[axis], "a factor")
    return TensorType(.f32, w.shape)
  }
}
