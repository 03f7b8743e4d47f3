extension Graph {
  /// An elementwise node as an expression over distinct values; nil for other nodes.
  ///
  /// Constants among the operands become part of the expression.
  public func elementwiseBody(of id: ValueID) -> (expression: Expression, inputs: [ValueID])? {
    let node = self[id]
    func constant(_ value: ValueID) -> Float? {
      if case .constant(let constant) = self[value].op { constant } else { nil }
    }
    if case .affine = node.op {
      let (x, scale, shift) = (node.inputs[0], node.inputs[1], node.inputs[2])
      switch (constant(scale), constant(shift)) {
      case (1, _): return Expression.binary(.add).withDistinctInputs([x, shift], constant: constant)
      case (-1, _): return Expression.binary(.sub).withDistinctInputs([shift, x], constant: constant)
      case (_, 0): return Expression.binary(.mul).withDistinctInputs([x, scale], constant: constant)
      default: break
      }
    }
    guard let body = node.op.traits.elementwise else { return nil }
    return body.withDistinctInputs(node.inputs, constant: constant)
  }
}

extension Expression {
  fileprivate static func binary(_ function: BinaryFunction) -> Expression {
    Expression(inputCount: 2, instructions: [.init(.binary(function), [.input(0), .input(1)])])
  }
}
