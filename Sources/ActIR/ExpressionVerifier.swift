extension Expression {
  /// What is wrong with the expression as a body over inputs of which some are masks, or nil: it computes a number,
  /// from every input, of operands that are there and of the right kind, within the limits.
  func problem(inputIsMask: [Bool]) -> (expected: String, found: String)? {
    if instructions.isEmpty { return ("a body of at least one instruction", "none") }
    if !fitsKernels {
      return (
        "at most \(Self.maximumInputs) inputs and \(Self.maximumInstructions) instructions",
        "\(inputCount) and \(instructions.count)"
      )
    }
    var unread = Set(0..<inputCount)
    var isMask: [Bool] = []
    for (index, instruction) in instructions.enumerated() {
      var masks: [Bool] = []
      for operand in instruction.operands {
        switch operand {
        case .input(let i) where inputIsMask.indices.contains(i):
          unread.remove(i)
          masks.append(inputIsMask[i])
        case .instruction(let i) where i < index: masks.append(isMask[i])
        default: return ("operands that are defined before t\(index)", "\(self)")
        }
      }
      let wanted = instruction.function.operandMasks
      guard masks == wanted else {
        return (instruction.function.wantedOperands(at: index), "\(self)")
      }
      isMask.append(instruction.function.isMask)
    }
    if let input = unread.min() { return ("a body that reads $\(input)", "\(self)") }
    return isMask.last == true ? ("a body that computes a number", "\(self)") : nil
  }
}

extension Expression.Function {
  /// For each operand whether it is a mask, the outcome of a comparison, rather than a number.
  fileprivate var operandMasks: [Bool] {
    switch self {
    case .constant: []
    case .unary(let function): [function == .not]
    case .binary(let function): [function.isConnective, function.isConnective]
    case .select: [true, false, false]
    }
  }

  fileprivate var isMask: Bool {
    switch self {
    case .unary(let function): function == .not
    case .binary(let function): function.isComparison || function.isConnective
    case .constant, .select: false
    }
  }

  fileprivate func wantedOperands(at index: Int) -> String {
    switch self {
    case .select: "t\(index) to read masks as its condition and numbers else"
    case .unary(.not): "t\(index) to read a mask"
    case .binary(let function) where function.isConnective: "t\(index) to read masks"
    case .constant, .unary, .binary: "t\(index) to read numbers"
    }
  }
}
