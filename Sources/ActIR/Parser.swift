extension Graph {
  /// Parses one graph; ``description`` is its inverse.
  public init(parsing text: String) throws(ParseError) {
    let graphs = try Graph.parseAll(text)
    guard graphs.count == 1 else {
      throw ParseError(line: 1, problem: "expected one graph, found \(graphs.count)")
    }
    self = graphs[0]
  }

  /// Parses a file of any number of graphs.
  public static func parseAll(_ text: String) throws(ParseError) -> [Graph] {
    var lexer = try Lexer(text)
    var graphs: [Graph] = []
    while lexer.token != .end { graphs.append(try Graph(from: &lexer)) }
    return graphs
  }

  private init(from lexer: inout Lexer) throws(ParseError) {
    guard try lexer.acceptWord("graph") else { throw lexer.expected("`graph`") }
    self.init(name: try lexer.symbol("`@name`"))
    var values: [String: ValueID] = [:]
    func define(_ name: String, _ id: ValueID, _ line: Int) throws(ParseError) {
      guard values.updateValue(id, forKey: name) == nil else {
        throw ParseError(line: line, problem: "%\(name) defined twice")
      }
    }
    try lexer.expect("(")
    if try !lexer.accept(")") {
      repeat {
        let line = lexer.line
        let name = try lexer.value()
        try lexer.expect(":")
        let type = try TensorType(from: &lexer)
        let input = try InputOp(named: name, from: &lexer)
        try define(name, append(Node(input.op, [], type, name: name)), line)
      } while try lexer.accept(",")
      try lexer.expectEnd(ofList: ")")
    }
    try lexer.expect("{")
    while try !lexer.acceptWord("return") {
      let line = lexer.line
      let statement = try NodeStatement(from: &lexer)
      if case .input = statement.op {
        throw ParseError(line: line, problem: "inputs stand in the graph's head")
      }
      var inputs: [ValueID] = []
      for operand in statement.operands {
        guard let id = values[operand] else {
          throw ParseError(line: line, problem: "undefined value %\(operand)")
        }
        inputs.append(id)
      }
      let node = Node(statement.op, inputs, statement.type, name: statement.name, site: statement.site)
      try define(statement.name, append(node), line)
    }
    var named = Set<String>()
    if lexer.token != .punctuation("}") {
      repeat {
        var name: String?
        switch lexer.token {
        case .word(let text), .string(let text):
          name = text
          try lexer.advance()
          try lexer.expect("=")
        default: break
        }
        let line = lexer.line
        let value = try lexer.value()
        guard let id = values[value] else {
          throw ParseError(line: line, problem: "undefined value %\(value)")
        }
        guard named.insert(name ?? value).inserted else {
          throw ParseError(line: line, problem: "result `\(name ?? value)` named twice")
        }
        addResult(name ?? value, id)
      } while try lexer.accept(",")
    }
    try lexer.expect("}")
  }
}

/// One parsed line `%name = op %a, %b {key = value} : type`, operands by name.
package struct NodeStatement {
  package var name: String
  package var op: Op
  package var operands: [String]
  package var site: String?
  package var type: TensorType

  package init(from lexer: inout Lexer) throws(ParseError) {
    name = try lexer.value()
    try lexer.expect("=")
    let line = lexer.line
    let mnemonic = try lexer.word("an op")
    operands = []
    if case .value = lexer.token {
      repeat { operands.append(try lexer.value()) } while try lexer.accept(",")
    }
    var attributes =
      lexer.token == .punctuation("{") ? try AttributeReader(from: &lexer) : AttributeReader(line: line)
    try lexer.expect(":")
    type = try TensorType(from: &lexer)
    site = try attributes.optionalString("site")
    op = try Op(mnemonic: mnemonic, attributes: &attributes, inputCount: operands.count, type: type)
    try attributes.finish()
  }
}

extension InputOp {
  /// An input of a graph's head, with the role and the time that stand after its type.
  fileprivate init(named name: String, from lexer: inout Lexer) throws(ParseError) {
    self.init(name: name)
    guard lexer.token == .punctuation("{") else { return }
    let attributes = try AttributeReader(from: &lexer)
    var coder = AttributeCoder(reading: attributes, operandCount: 0, type: TensorType(.i32, []))
    try codeMeaning(&coder)
    try coder.rest?.finish()
  }
}

extension AttributeReader {
  /// The attributes `{key = value, …}` that come next.
  init(from lexer: inout Lexer) throws(ParseError) {
    self.init(line: lexer.line)
    try lexer.expect("{")
    repeat {
      let key = try lexer.word("an attribute")
      try lexer.expect("=")
      try add(key, try lexer.attribute())
    } while try lexer.accept(",")
    try lexer.expect("}")
  }
}

extension Lexer {
  fileprivate mutating func attribute() throws(ParseError) -> Attribute {
    let value: Attribute
    switch token {
    case .int(let number): value = .int(number)
    case .float(let number): value = .float(number)
    case .string(let text): value = .string(text)
    case .word("inf"): value = .float(.infinity)
    case .word("nan"): value = .float(.nan)
    case .word(let text): value = .word(text)
    default: throw expected("an attribute's value")
    }
    try advance()
    return value
  }
}

extension TensorType {
  package init(from lexer: inout Lexer) throws(ParseError) {
    let line = lexer.line
    let name = try lexer.word("a type")
    guard let dtype = DType(rawValue: name) else {
      throw ParseError(line: line, problem: "unknown element type `\(name)`")
    }
    self.init(dtype, [])
    try lexer.expect("[")
    if try lexer.accept("]") { return }
    repeat {
      switch lexer.token {
      case .int(let size) where size > 0:
        shape.append(.fixed(size))
        try lexer.advance()
      case .word: shape.append(.symbol(try lexer.dimensionSymbol()))
      default: throw lexer.expected("a dimension, a number above 0 or a symbol")
      }
    } while try lexer.accept(",")
    try lexer.expectEnd(ofList: "]")
  }
}

extension Lexer {
  /// Takes the symbol of a dimension, as `T`, or that of rows of several kinds together, as `T+P` or `T+64`.
  package mutating func dimensionSymbol() throws(ParseError) -> String {
    let symbol = try word("a symbol")
    guard try accept("+") else { return symbol }
    if case .int(let count) = token {
      try advance()
      return "\(symbol)+\(count)"
    }
    return "\(symbol)+\(try word("a symbol or a number"))"
  }
}

extension StringProtocol where SubSequence == Substring {
  package var trimmed: Substring {
    var text = self[...]
    while let c = text.first, c.isWhitespace { text.removeFirst() }
    while let c = text.last, c.isWhitespace { text.removeLast() }
    return text
  }
}
