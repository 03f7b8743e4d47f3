/// All that the compiler must know of an op, in one place: a type per op, in this folder.
///
/// No requirement has a default, so that a new op states everything.
protocol OpDefinition: Hashable, Sendable {
  /// The op's name in the text form.
  var mnemonic: String { get }
  /// The case of ``Op`` that this is.
  var op: Op { get }
  var traits: OpTraits { get }

  /// Prints the attributes, or reads them: `coder` knows which, so that both are written once.
  mutating func code(_ coder: inout AttributeCoder) throws(ParseError)

  /// The type of the result for operands of these types; nil for leaves, whose type is declared.
  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType?
}

/// What passes, lowering and the verifiers ask of an op.
public struct OpTraits: Hashable, Sendable {
  /// The operands that the op's kernel may overwrite with its result as it goes.
  public enum Overwritable: Hashable, Sendable {
    /// No operand.
    case none
    /// The first operand alone.
    case first
    /// The operands from this one on.
    case from(Int)
  }

  /// The programs that may compute the op.
  public struct Programs: OptionSet, Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The one that runs when a plan is compiled.
    public static let compile = Programs(rawValue: 1)
    /// The one that runs when a dial moves.
    public static let set = Programs(rawValue: 2)
    /// Those that run for a call: once for its prompt, and in every step.
    public static let step = Programs(rawValue: 4)
    /// All of them: the op is arithmetic on whatever its operands are.
    public static let any: Programs = [.compile, .set, .step]
  }

  /// What else holds of the op.
  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Computing it again costs less than keeping its result for all samples of a fit.
    public static let cheap = Flags(rawValue: 1)
    /// A transport function, which may come from anywhere, may use it.
    public static let transports = Flags(rawValue: 2)
    /// It may be a view of its operand, for which no kernel runs.
    public static let view = Flags(rawValue: 4)
    /// It reads operands whose rows follow each other without gaps only.
    public static let contiguous = Flags(rawValue: 8)
    /// Some of its operands repeat to its rows; see ``OpTraits/repeatedOperands(of:)``.
    public static let repeats = Flags(rawValue: 16)
  }

  /// The earliest time at which the op can run, whatever its operands.
  public var bindingTime: BindingTime
  /// The programs that may compute it.
  public var programs: Programs
  /// What else holds of it.
  public var flags: Flags
  /// The op as an expression over its operands, where it works element by element.
  public var elementwise: Expression?
  /// Which operand is a matrix that the kernel streams or looks rows up in; it is known when the plan is compiled.
  public var matrixOperand: Int?
  /// Which operand, an input of whole numbers, names rows of operand 0.
  public var indexOperand: Int?
  /// The operands that its kernel may write over.
  public var overwritable: Overwritable

  /// Which of `count` operands the kernel finds the row of for each of its own, so that they may be repeated in any way: all
  /// of an elementwise op, those after a matrix, or else after the first.
  public func repeatedOperands(of count: Int) -> Range<Int> {
    guard flags.contains(.repeats) else { return 0..<0 }
    let first = elementwise != nil ? 0 : matrixOperand.map { $0 + 1 } ?? 1
    return min(first, count)..<count
  }

  init(
    _ bindingTime: BindingTime, in programs: Programs, _ flags: Flags, elementwise: Expression?, matrix: Int?,
    index: Int?, overwrites overwritable: Overwritable
  ) {
    self.bindingTime = bindingTime
    self.programs = programs
    self.flags = flags
    self.elementwise = elementwise
    matrixOperand = matrix
    indexOperand = index
    self.overwritable = overwritable
  }
}

extension OpTraits {
  /// Of a tensor that is not computed.
  static let leaf = OpTraits(
    .compile, in: .compile, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)

  /// Of elementwise arithmetic.
  static func elementwise(_ body: Expression) -> OpTraits {
    OpTraits(
      .compile, in: .any, [.cheap, .transports, .repeats], elementwise: body, matrix: nil, index: nil,
      overwrites: .from(0))
  }

  /// Of arithmetic on weights, of which a fold consists.
  static let weightArithmetic = OpTraits(
    .compile, in: .compile, [.transports], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
}

extension OpTraits.Overwritable {
  /// The indices among `count` operands.
  public func indices(of count: Int) -> Range<Int> {
    switch self {
    case .none: 0..<0
    case .first: 0..<min(1, count)
    case .from(let first): min(first, count)..<count
    }
  }
}
