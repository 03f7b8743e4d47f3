/// The rows of text and those of the image of each entry, one after the other.
/// `text: f32[T,D], image: f32[P,D] or f32[B,…,D] -> f32[T+P,D] or f32[T+N,D]`
struct JoinRowsOp: OpDefinition {
  let mnemonic = "join_rows"
  var op: Op { .joinRows }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_: inout AttributeCoder) {}

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(2)
    let (text, image) = (try operands.rows(0), try operands.rows(1))
    guard text.leading == [.symbol("T")], let kind = RowKind(image.leading),
      RowKind.parts(of: kind.joinedSymbol) != nil, text.channels == image.channels
    else { throw operands.mismatch("rows of text [T,D] and of images [P,D] or [B,…,D]") }
    return TensorType(.f32, [.symbol(kind.joinedSymbol), text.channels])
  }
}

/// The rows of one kind out of joined ones. `x: f32[T+P,D] or f32[T+N,D] -> f32[T,D], f32[P,D] or f32[B,…,D]`
struct PartRowsOp: OpDefinition {
  var leading: [Dim] = []

  let mnemonic = "part_rows"
  var op: Op { .partRows(leading) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  /// The declared type names the rows.
  mutating func code(_ coder: inout AttributeCoder) {
    if let type = coder.declaredType { leading = type.shape.dropLast() }
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let x = try operands.rows(0)
    guard case .ragged(let symbol)? = RowKind(x.leading), let parts = RowKind.parts(of: symbol),
      parts.count > 1, let kind = RowKind(leading), parts.contains(kind)
    else { throw operands.mismatch("joined rows, as [T+P,D], and a result of one part of them") }
    return TensorType(.f32, leading + [x.channels])
  }
}
