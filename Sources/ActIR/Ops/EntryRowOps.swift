/// The rows of text and of the image of each entry, one behind the other. `text: f32[T,D], image: f32[P,D] -> f32[T+P,D]`
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
    guard text.leading == [.symbol("T")], image.leading == [.symbol("P")], text.channels == image.channels
    else { throw operands.mismatch("rows of text [T,D] and of images [P,D]") }
    return TensorType(.f32, [.symbol("T+P"), text.channels])
  }
}

/// The rows of one kind out of joined ones. `x: f32[T+P,D] -> f32[T,D] or f32[P,D]`
struct PartRowsOp: OpDefinition {
  var symbol = ""

  let mnemonic = "part_rows"
  var op: Op { .partRows(symbol) }
  var traits: OpTraits {
    OpTraits(.compile, in: .step, [.cheap], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  /// The declared type names the rows.
  mutating func code(_ coder: inout AttributeCoder) {
    if case .symbol(let symbol)? = coder.declaredType?.shape.first { self.symbol = symbol }
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(1)
    let x = try operands.rows(0)
    guard x.leading == [.symbol("T+P")], symbol == "T" || symbol == "P" else {
      throw operands.mismatch("joined rows [T+P,D], and a result of rows T or P")
    }
    return TensorType(.f32, [.symbol(symbol), x.channels])
  }
}
