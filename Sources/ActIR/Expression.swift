/// Elementwise functions of one operand.
public enum UnaryFunction: String, Hashable, Sendable, CaseIterable {
  /// `-x`
  case neg
  /// `|x|`
  case abs
  /// The exponential of `x`.
  case exp
  /// The natural logarithm of `x`.
  case log
  /// The square root of `x`.
  case sqrt
  /// `1 / sqrt(x)`
  case rsqrt
  /// The hyperbolic tangent of `x`.
  case tanh
  /// `1 / (1 + exp(-x))`
  case sigmoid
  /// `x · sigmoid(x)`
  case silu
  /// `x · Φ(x)`, with the normal distribution function (arXiv 1606.08415).
  case gelu
  /// The sine of `x` in radians.
  case sin
  /// The cosine of `x` in radians.
  case cos
  /// ``gelu`` by its approximation with a hyperbolic tangent.
  case geluTanh = "gelu_tanh"
}

/// Elementwise functions of two operands. Comparisons and connectives give `bool`.
public enum BinaryFunction: String, Hashable, Sendable, CaseIterable {
  /// `a + b`
  case add
  /// `a - b`
  case sub
  /// `a · b`
  case mul
  /// `a / b`
  case div
  /// The lesser of the two.
  case min
  /// The greater of the two.
  case max
  /// `a < b`
  case lt
  /// `a ≤ b`
  case le
  /// `a > b`
  case gt
  /// `a ≥ b`
  case ge
  /// Whether both masks hold.
  case and
  /// Whether either mask holds.
  case or

  /// Whether it makes a mask of two numbers.
  public var isComparison: Bool { [.lt, .le, .gt, .ge].contains(self) }
  /// Whether it makes a mask of two masks.
  public var isConnective: Bool { self == .and || self == .or }
}

/// A scalar function of a few inputs: the body of a fused elementwise node or of a linear layer's epilogue.
///
/// A straight-line program. Printed `t0 = sub $0, $1; add t0, $2`, where `$i` is input i and the last instruction is
/// the value.
public struct Expression: Hashable, Sendable {
  /// What an instruction computes.
  public enum Function: Hashable, Sendable {
    /// A number, of no operands.
    case constant(Float)
    /// A function of one operand.
    case unary(UnaryFunction)
    /// A function of two operands.
    case binary(BinaryFunction)
    /// `condition ? a : b`
    case select
  }

  /// An input of the expression or an earlier instruction, by index.
  public enum Operand: Hashable, Sendable {
    /// Input i: `$i`.
    case input(Int)
    /// What instruction i computes: `ti`.
    case instruction(Int)
  }

  /// A function and as many operands as it takes.
  public struct Instruction: Hashable, Sendable {
    /// What it computes.
    public var function: Function
    /// As many as the function takes, in its order.
    public var operands: [Operand]

    /// A function of operands, as in `Instruction(.binary(.add), [.input(0), .input(1)])`.
    public init(_ function: Function, _ operands: [Operand]) {
      self.function = function
      self.operands = operands
    }
  }

  /// What the kernels' interpreter holds; a fusion that would pass these limits is not made.
  public static let maximumInputs = 16
  public static let maximumInstructions = 48

  public var inputCount: Int
  /// In order of execution; the last one computes the value.
  public var instructions: [Instruction]

  /// A program over `inputCount` inputs.
  public init(inputCount: Int, instructions: [Instruction]) {
    self.inputCount = inputCount
    self.instructions = instructions
  }
}

extension Expression.Function {
  /// How many operands it takes.
  public var operandCount: Int {
    switch self {
    case .constant: 0
    case .unary: 1
    case .binary: 2
    case .select: 3
    }
  }
}

extension Expression.Function {
  /// For each operand whether it is a mask, the outcome of a comparison, rather than a number.
  fileprivate var operandMasks: [Bool] {
    switch self {
    case .constant: []
    case .unary: [false]
    case .binary(let function): [function.isConnective, function.isConnective]
    case .select: [true, false, false]
    }
  }

  fileprivate var isMask: Bool {
    if case .binary(let function) = self { function.isComparison || function.isConnective } else { false }
  }
}

extension Expression {
  /// This expression with input `index` computed by `inner`, and what each input of the outcome is.
  ///
  /// Keys identify the inputs of this expression, where they all differ, and of `inner`; inputs of one key become one.
  /// The outcome's inputs begin with those of the keys `first`, read or not.
  public func inlining<Key: Hashable>(
    _ inner: Expression, at index: Int, outer outerKeys: [Key], inner innerKeys: [Key], first: [Key] = []
  ) -> (expression: Expression, keys: [Key]) {
    var keys = first
    func position(_ key: Key) -> Operand {
      if let at = keys.firstIndex(of: key) { return .input(at) }
      keys.append(key)
      return .input(keys.count - 1)
    }
    var instructions = inner.instructions.map { instruction in
      Instruction(
        instruction.function,
        instruction.operands.map { operand in
          if case .input(let i) = operand { position(innerKeys[i]) } else { operand }
        })
    }
    let shift = instructions.count
    // A body without instructions is its input 0.
    let value = shift > 0 ? .instruction(shift - 1) : position(innerKeys[0])
    for instruction in self.instructions {
      let operands = instruction.operands.map { operand in
        switch operand {
        case .input(index): value
        case .input(let i): position(outerKeys[i])
        case .instruction(let i): Operand.instruction(i + shift)
        }
      }
      instructions.append(Instruction(instruction.function, operands))
    }
    return (Expression(inputCount: keys.count, instructions: instructions), keys)
  }

  /// What is wrong with the expression as a body, or nil: it computes a number, from every input, of operands that are
  /// there and of the right kind, within the limits.
  var problem: (expected: String, found: String)? {
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
        case .input(let i) where i < inputCount:
          unread.remove(i)
          masks.append(false)
        case .instruction(let i) where i < index: masks.append(isMask[i])
        default: return ("operands that are defined before t\(index)", "\(self)")
        }
      }
      let wanted = instruction.function.operandMasks
      guard masks == wanted else {
        return (wanted.contains(true) ? "t\(index) to read masks" : "t\(index) to read numbers", "\(self)")
      }
      isMask.append(instruction.function.isMask)
    }
    if let input = unread.min() { return ("a body that reads $\(input)", "\(self)") }
    return isMask.last == true ? ("a body that computes a number", "\(self)") : nil
  }

  /// Whether the kernels' interpreter can hold the expression.
  public var fitsKernels: Bool {
    inputCount <= Self.maximumInputs && instructions.count <= Self.maximumInstructions
  }
}

extension Expression: CustomStringConvertible {
  public var description: String {
    func name(_ operand: Operand) -> String {
      switch operand {
      case .input(let i): "$\(i)"
      case .instruction(let i): "t\(i)"
      }
    }
    return instructions.enumerated().map { index, instruction in
      let head = index == instructions.count - 1 ? "" : "t\(index) = "
      let function =
        switch instruction.function {
        case .constant(let value): "constant \(value)"
        case .unary(let f): f.rawValue
        case .binary(let f): f.rawValue
        case .select: "select"
        }
      let operands = instruction.operands.map(name).joined(separator: ", ")
      return head + function + (operands.isEmpty ? "" : " " + operands)
    }.joined(separator: "; ")
  }

  /// Parses the printed form; nil where it is malformed or an operand is not yet defined.
  public init?(parsing text: String, inputCount: Int) {
    self.init(inputCount: inputCount, instructions: [])
    let lines = text.split(separator: ";").map(\.trimmed)
    guard lines.count <= Self.maximumInstructions else { return nil }
    for (index, line) in lines.enumerated() {
      var body = line
      if let equals = line.firstIndex(of: "=") {
        guard line[..<equals].trimmed == "t\(index)" else { return nil }
        body = line[line.index(after: equals)...].trimmed
      } else if index != lines.count - 1 {
        return nil
      }
      let words = body.split(separator: " ", maxSplits: 1)
      guard let mnemonic = words.first else { return nil }
      let rest = words.count > 1 ? words[1].split(separator: ",").map(\.trimmed) : []
      if mnemonic == "constant" {
        guard rest.count == 1, let value = Float(rest[0]) else { return nil }
        instructions.append(Instruction(.constant(value), []))
        continue
      }
      let function: Function
      if let unary = UnaryFunction(rawValue: String(mnemonic)) {
        function = .unary(unary)
      } else if let binary = BinaryFunction(rawValue: String(mnemonic)) {
        function = .binary(binary)
      } else if mnemonic == "select" {
        function = .select
      } else {
        return nil
      }
      var operands: [Operand] = []
      for word in rest {
        guard let number = Int(word.dropFirst()), number >= 0 else { return nil }
        switch word.first {
        case "$" where number < inputCount: operands.append(.input(number))
        case "t" where number < index: operands.append(.instruction(number))
        default: return nil
        }
      }
      guard operands.count == function.operandCount else { return nil }
      instructions.append(Instruction(function, operands))
    }
  }
}
