extension Op {
  /// The body after the product with a matrix that the op is, over that product and the operands after the matrix.
  ///
  /// nil for ops that are no such product. The body of one without an epilogue is empty, or adds its bias.
  public func epilogue(operandCount: Int) -> Expression? {
    switch self {
    case .linearEpilogue(let body), .convEpilogue(_, let body): return body
    case .linear, .conv:
      guard operandCount > 2 else { return Expression(inputCount: 1, instructions: []) }
      let add = Expression.Instruction(.binary(.add), [.input(0), .input(1)])
      return Expression(inputCount: 2, instructions: [add])
    default: return nil
    }
  }

  /// The same product with `body` after it; nil for ops that are no product with a matrix.
  public func withEpilogue(_ body: Expression) -> Op? {
    switch self {
    case .linear, .linearEpilogue: .linearEpilogue(body)
    case .conv(let windows), .convEpilogue(let windows, _): .convEpilogue(windows, body)
    default: nil
    }
  }

  /// The windows of a convolution, with an epilogue or without; nil for other ops.
  public var convolution: Windows? {
    switch self {
    case .conv(let windows), .convEpilogue(let windows, _): windows
    default: nil
    }
  }

  /// Whether the op is a product with a matrix, its operand 1, and at most a bias after it, its operand 2.
  public var isPlainProduct: Bool {
    switch self {
    case .linear, .conv: true
    default: false
    }
  }
}

extension Operands {
  /// Checks that there are as many operands as a product with `body` after it reads.
  func expectEpilogue(_ body: Expression) throws(TypeMismatch) {
    guard count == body.inputCount + 1, count >= 2 else {
      throw mismatch("\(max(2, body.inputCount + 1)) operands, as the body reads")
    }
  }

  /// Checks the body after a product of type `result`, and the operands after the matrix.
  func epilogue(_ body: Expression, of result: TensorType) throws(TypeMismatch) {
    // The product, which is a number as x is, stands for x and the matrix.
    try self.body(body, over: [0] + types.indices.dropFirst(2))
    for index in types.indices.dropFirst(2) {
      let shape = types[index].shape
      guard [Dim].broadcast([shape, result.shape]) == result.shape, RowPattern.isWithin(shape, result.shape)
      else { throw mismatch("epilogue operands that repeat to \(result)") }
    }
  }
}
