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
        case .unary(let f): f.mnemonic
        case .binary(let f): f.rawValue
        case .select: "select"
        }
      let operands = instruction.operands.map(name).joined(separator: ", ")
      return head + function + (operands.isEmpty ? "" : " " + operands) + instruction.function.attributes
    }.joined(separator: "; ")
  }
}

/// A body that does not parse: which of its instructions, and what is wrong there.
public struct MalformedBody: Error, Hashable, CustomStringConvertible {
  /// The body's text.
  public var text: String
  /// Counted from 0, as in `t0`.
  public var instruction: Int
  /// What was expected there, and what was found.
  public var problem: String

  public var description: String { "malformed body `\(text)`: t\(instruction): \(problem)" }
}

extension Expression {
  /// Parses the printed form; ``description`` is its inverse. A text without instructions is the identity.
  public init(parsing text: String, inputCount: Int) throws(MalformedBody) {
    self.init(inputCount: inputCount, instructions: [])
    guard !text.trimmed.isEmpty else { return }
    let pieces = text.split(separator: ";", omittingEmptySubsequences: false).map(\.trimmed)
    for (index, piece) in pieces.enumerated() {
      do throws(InstructionProblem) {
        guard index < Self.maximumInstructions else {
          throw InstructionProblem("more than \(Self.maximumInstructions) instructions")
        }
        let body = try Self.body(of: piece, at: index, isLast: index == pieces.count - 1)
        instructions.append(try Instruction(parsing: body, at: index, inputCount: inputCount))
      } catch {
        throw MalformedBody(text: text, instruction: index, problem: error.text)
      }
    }
  }

  /// What stands after `t0 =`, which the last instruction may go without.
  private static func body(
    of piece: Substring, at index: Int, isLast: Bool
  ) throws(InstructionProblem) -> Substring {
    // A sign after a brace is one of an attribute.
    guard let equals = piece.prefix(while: { $0 != "{" }).firstIndex(of: "=") else {
      guard isLast else { throw InstructionProblem("expected `t\(index) = …`, found `\(piece)`") }
      return piece
    }
    guard piece[..<equals].trimmed == "t\(index)" else {
      throw InstructionProblem("expected the name `t\(index)`, found `\(piece[..<equals].trimmed)`")
    }
    return piece[piece.index(after: equals)...].trimmed
  }
}

private struct InstructionProblem: Error {
  var text: String
  init(_ text: String) { self.text = text }
}

extension Expression.Instruction {
  fileprivate init(parsing text: Substring, at index: Int, inputCount: Int) throws(InstructionProblem) {
    let call = text.prefix { $0 != "{" }
    guard let mnemonic = call.split(whereSeparator: \.isWhitespace).first else {
      throw InstructionProblem("expected a function, found nothing")
    }
    let rest = call.dropFirst(mnemonic.count).trimmed
    let words =
      rest.isEmpty ? [] : rest.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
    let attributes = text[call.endIndex...]
    if mnemonic == "constant" {
      guard words.count == 1, let value = Float(decimal: words[0]), attributes.isEmpty else {
        throw InstructionProblem("expected a number after `constant`, found `\(rest)\(attributes)`")
      }
      self.init(.constant(value), [])
      return
    }
    guard var function = Expression.Function(mnemonic: String(mnemonic)) else {
      throw InstructionProblem("no function `\(mnemonic)`")
    }
    try function.read(attributes)
    var operands: [Expression.Operand] = []
    for word in words {
      let digits = word.dropFirst()
      guard let number = Int(digits), String(number) == digits else {
        throw InstructionProblem("expected an operand as $0 or t0, found `\(word)`")
      }
      switch word.first {
      case "$" where number < inputCount: operands.append(.input(number))
      case "t" where number < index: operands.append(.instruction(number))
      case "$", "t": throw InstructionProblem("`\(word)` is not defined before it")
      default: throw InstructionProblem("expected an operand as $0 or t0, found `\(word)`")
      }
    }
    guard operands.count == function.operandCount else {
      throw InstructionProblem(
        "expected \(function.operandCount) operands of `\(mnemonic)`, found \(operands.count)")
    }
    self.init(function, operands)
  }
}

extension Expression.Function {
  /// The function of a name, but for `constant`, which is not one of operands.
  fileprivate init?(mnemonic: String) {
    if let unary = UnaryFunction.prototypes.first(where: { $0.mnemonic == mnemonic }) {
      self = .unary(unary)
    } else if let binary = BinaryFunction(rawValue: mnemonic) {
      self = .binary(binary)
    } else if mnemonic == "select" {
      self = .select
    } else {
      return nil
    }
  }

  /// The attributes as they are printed, with a space before them; of most functions nothing.
  fileprivate var attributes: String {
    guard case .unary(var function) = self else { return "" }
    var coder = AttributeCoder()
    do { try function.code(&coder) } catch { preconditionFailure("printing cannot fail: \(error)") }
    if coder.printed.isEmpty { return "" }
    return " {" + coder.printed.map { "\($0.key) = \($0.value)" }.joined(separator: ", ") + "}"
  }

  fileprivate mutating func read(_ text: Substring) throws(InstructionProblem) {
    do throws(ParseError) {
      var reader = AttributeReader(line: 1)
      if !text.isEmpty {
        var lexer = try Lexer(String(text))
        reader = try AttributeReader(from: &lexer)
        guard lexer.token == .end else { throw lexer.expected("an end after `}`") }
      }
      if case .unary(var function) = self {
        var coder = AttributeCoder(reading: reader, operandCount: 1, type: TensorType(.f32, []))
        try function.code(&coder)
        reader = coder.rest ?? reader
        self = .unary(function)
      }
      try reader.finish()
    } catch { throw InstructionProblem(error.problem) }
  }
}
