/// `-> declared`
struct InputOp: OpDefinition {
  var name = ""
  var role = InputRole.given
  var time = BindingTime.step

  let mnemonic = "input"
  var op: Op { .input(name: name, role: role, time: time) }
  var traits: OpTraits {
    OpTraits(
      time, in: .step, [.transports], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.string("name", &name)
    try codeMeaning(&coder)
  }

  /// In a graph's head the name stands before the type, and role and time after it.
  mutating func codeMeaning(_ coder: inout AttributeCoder) throws(ParseError) {
    var word = role.rawValue
    try coder.word("role", &word, default: InputRole.given.rawValue)
    guard let role = InputRole(rawValue: word) else {
      let known = InputRole.allCases.map(\.rawValue).joined(separator: ", ")
      throw coder.failure("unknown role `\(word)`; expected one of \(known)")
    }
    self.role = role
    try codeTime(&coder)
  }

  private mutating func codeTime(_ coder: inout AttributeCoder) throws(ParseError) {
    let times: [(word: String, time: BindingTime)] = [("step", .step), ("prompt", .prompt)]
    var word = times.first { $0.time == time }?.word ?? ""
    try coder.word("time", &word, default: times[0].word)
    guard let time = times.first(where: { $0.word == word })?.time else {
      let known = times.map(\.word).joined(separator: ", ")
      throw coder.failure("unknown time `\(word)`; expected one of \(known)")
    }
    self.time = time
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(0)
    return nil
  }
}

/// What an input of a graph means to whoever runs it, whatever its name.
public enum InputRole: String, Hashable, Sendable, CaseIterable {
  /// The token of each row.
  case token
  /// The place of each row in its entry, from 0.
  case position
  /// The entry of each row.
  case entry
  /// The rows that are chosen, among those of the call; where nobody chooses, the first of each entry.
  case chosen
  /// The rows that are chosen; where nobody chooses, the last of each entry.
  case ending
  /// Of a denoiser, the noisy sample of each entry.
  case sample
  /// Of a denoiser, how far the noise of each entry's sample has come: a number an entry.
  case timestep
  /// Of a denoiser, how far it is to move towards what the text says: a number an entry.
  case guidance
  /// The same less 1, as sines and cosines: N numbers an entry.
  case guidanceEmbedding = "guidance_embedding"
  /// Of a denoiser, the class of each entry's image.
  case label
  /// Where each row stands in its entry: of packed images 0, the line and the column, of texts 0.
  case place
  /// Of each row of text, 1 where it fills up the text of its entry, and 0 where it is the text's own.
  ///
  /// A model that has it reads texts of whole multiples of 32 rows (``filled(_:)``): each row behind a text is given what
  /// its last row is.
  case filling = "filling_32"
  /// Of each entry, how many rows of text it has, with those that fill it up.
  case textLength = "text_length"
  /// Nothing: the caller gives it by name.
  case given

  /// Whether an input of it may stay the same from step to step of denoising.
  public var mayBeOfPrompt: Bool {
    switch self {
    case .token, .chosen, .ending, .sample, .timestep: false
    case .position, .entry, .guidance, .guidanceEmbedding, .label, .place, .filling, .textLength, .given: true
    }
  }

  /// Whether it is the rows that are chosen.
  public var isChoice: Bool { self == .chosen || self == .ending }

  /// Whether whoever calls gives it by its name, and the engine takes it as it is.
  public var isGiven: Bool {
    switch self {
    case .token, .position, .entry, .chosen, .ending, .filling, .textLength: false
    case .sample, .timestep, .guidance, .guidanceEmbedding, .label, .place, .given: true
    }
  }

  /// Whether it belongs to whole entries alone: no rows of a sequence that goes on have it.
  public var isOfWholeEntries: Bool { isGiven || isOfFilling }

  /// Whether it says how texts are filled up, which follows from their lengths.
  public var isOfFilling: Bool { self == .filling || self == .textLength }

  /// Of how many rows filled texts are whole multiples.
  public static let fillingMultiple = 32

  /// A number of rows with those that fill them up.
  public static func filled(_ rows: Int) -> Int {
    (rows + fillingMultiple - 1) / fillingMultiple * fillingMultiple
  }
}

/// An input as a graph or a plan declares it.
public struct DeclaredInput: Hashable, Sendable {
  /// The name by which a caller gives it.
  public var name: String
  /// What it means to whoever runs the graph.
  public var role: InputRole
  /// When it is given: every step, or once for the steps of a prompt.
  public var time: BindingTime
  /// The type of its value.
  public var type: TensorType

  /// An input of a name, a role, a time and a type.
  public init(name: String, role: InputRole, time: BindingTime = .step, type: TensorType) {
    self.name = name
    self.role = role
    self.time = time
    self.type = type
  }
}

extension Graph {
  /// The inputs in the order of their declaration.
  public var declaredInputs: [DeclaredInput] {
    inputs.compactMap { id in
      guard case .input(let name, let role, let time) = self[id].op else { return nil }
      return DeclaredInput(name: name, role: role, time: time, type: type(id))
    }
  }

  /// For an input of whole numbers, one more than the largest that every reader takes; nil where none has a limit of
  /// its own.
  public func limit(ofInput name: String) -> Int? {
    order.compactMap { id -> Int? in
      let node = self[id]
      guard let operand = node.op.traits.indexOperand, case .input(name, _, _) = self[node.inputs[operand]].op
      else { return nil }
      return type(node.inputs[0]).shape.first?.fixed
    }.min()
  }
}

/// `-> declared`
struct WeightOp: OpDefinition {
  var name = ""

  let mnemonic = "weight"
  var op: Op { .weight(name: name) }
  var traits: OpTraits { .leaf }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try coder.string("name", &name) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(0)
    return nil
  }
}

/// `-> declared`
struct MapParameterOp: OpDefinition {
  var map = ""
  var site = ""
  var name = ""

  let mnemonic = "map_parameter"
  var op: Op { .mapParameter(map: map, site: site, name: name) }
  var traits: OpTraits { .leaf }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.string("map", &map)
    try coder.string("at", &site)
    try coder.string("name", &name)
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(0)
    return nil
  }
}

/// `-> f32[]`
struct ConstantOp: OpDefinition {
  var value: Float = 0

  let mnemonic = "constant"
  var op: Op { .constant(value) }
  var traits: OpTraits {
    OpTraits(
      .compile, in: .compile, [.transports], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) { try coder.float("value", &value) }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(0)
    return TensorType(.f32, [])
  }
}

/// `-> f32[]`
struct DialOp: OpDefinition {
  var name = ""
  var scope = TokenScope.all

  let mnemonic = "dial"
  var op: Op { .dial(name: name, scope: scope) }
  var traits: OpTraits {
    OpTraits(
      .set, in: .set, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.string("name", &name)
    var text = scope.description
    try coder.string("scope", &text, default: TokenScope.all.description)
    var skipped = scope.skippedPositions
    try coder.int("skip_first", &skipped, default: 0)
    guard let scope = TokenScope(text, skippedPositions: skipped) else {
      throw coder.failure("unknown scope `\(text)`; expected \(TokenScope.expected)")
    }
    self.scope = scope
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(0)
    return TensorType(.f32, [])
  }
}

/// `-> f32[]`
struct GateBoundOp: OpDefinition {
  var gate = Gate(map: "", score: "")
  var end = GateEnd.lower

  let mnemonic = "gate_bound"
  var op: Op { .gateBound(gate, end) }
  var traits: OpTraits {
    OpTraits(.set, in: .set, [], elementwise: nil, matrix: nil, index: nil, overwrites: .none)
  }

  mutating func code(_ coder: inout AttributeCoder) throws(ParseError) {
    try coder.string("map", &gate.map)
    try coder.string("score", &gate.score)
    var word = end.rawValue
    try coder.word("end", &word, default: GateEnd.lower.rawValue)
    guard let end = GateEnd(rawValue: word) else {
      throw coder.failure("unknown end `\(word)`; expected lower or upper")
    }
    self.end = end
  }

  func resultType(of operands: Operands) throws(TypeMismatch) -> TensorType? {
    try operands.expect(0)
    return TensorType(.f32, [])
  }
}
