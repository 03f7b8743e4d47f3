extension Op {
  /// An elementwise op as an expression over its operands; nil for other ops.
  public var elementwiseBody: Expression? {
    switch self {
    case .unary(let function): Expression(inputCount: 1, instructions: [.init(.unary(function), [.input(0)])])
    case .binary(let function):
      Expression(inputCount: 2, instructions: [.init(.binary(function), [.input(0), .input(1)])])
    case .select:
      Expression(inputCount: 3, instructions: [.init(.select, [.input(0), .input(1), .input(2)])])
    case .affine:
      Expression(
        inputCount: 3,
        instructions: [
          .init(.binary(.mul), [.input(0), .input(1)]), .init(.binary(.add), [.instruction(0), .input(2)]),
        ])
    case .fused(let expression): expression
    default: nil
    }
  }
}

extension Graph {
  /// An elementwise node as an expression over distinct values; nil for other nodes.
  ///
  /// Constants among the operands become part of the expression.
  public func elementwiseBody(of id: ValueID) -> (expression: Expression, inputs: [ValueID])? {
    let node = self[id]
    func constant(_ value: ValueID) -> Float? {
      if case .constant(let constant) = self[value].op { constant } else { nil }
    }
    // A map that only shifts.
    if case .affine = node.op, self[node.inputs[1]].op == .constant(1) {
      let add = Expression(inputCount: 2, instructions: [.init(.binary(.add), [.input(0), .input(1)])])
      return add.withDistinctInputs([node.inputs[0], node.inputs[2]], constant: constant)
    }
    guard let body = node.op.elementwiseBody else { return nil }
    return body.withDistinctInputs(node.inputs, constant: constant)
  }
}

extension Expression {
  /// The expression with equal inputs merged and constant ones made part of it.
  public func withDistinctInputs<Key: Hashable>(
    _ keys: [Key], constant: (Key) -> Float? = { _ in nil }
  ) -> (expression: Expression, inputs: [Key]) {
    var distinct: [Key] = []
    var constants: [Key: Int] = [:]
    var head: [Instruction] = []
    for key in keys {
      if let value = constant(key) {
        if constants[key] == nil {
          constants[key] = head.count
          head.append(Instruction(.constant(value), []))
        }
      } else if !distinct.contains(key) {
        distinct.append(key)
      }
    }
    let tail = instructions.map { instruction in
      Instruction(
        instruction.function,
        instruction.operands.map { operand in
          switch operand {
          case .input(let i):
            if let at = constants[keys[i]] {
              .instruction(at)
            } else {
              .input(distinct.firstIndex(of: keys[i])!)
            }
          case .instruction(let i): .instruction(i + head.count)
          }
        })
    }
    return (Expression(inputCount: distinct.count, instructions: head + tail), distinct)
  }
}
