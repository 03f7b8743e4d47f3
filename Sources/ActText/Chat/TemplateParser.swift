/// Reads the statements of a template.
struct TemplateParser {
  private var pieces: ArraySlice<TemplatePiece>
  private var depth = 0

  static func parse(_ text: String) throws(TemplateError) -> [TemplateNode] {
    guard text.utf8.count <= 1 << 20 else { throw TemplateError("longer than 1 MiB") }
    var lexer = TemplateLexer(text)
    var parser = TemplateParser(pieces: try lexer.pieces()[...])
    let (nodes, end) = try parser.nodes()
    if let end { throw TemplateError("`\(end.keyword)` without its beginning") }
    return nodes
  }

  private init(pieces: ArraySlice<TemplatePiece>) { self.pieces = pieces }

  private static let ends: Set<String> = ["endif", "else", "elif", "endfor"]

  /// Nodes up to a statement that ends or continues the one around them.
  private mutating func nodes() throws(TemplateError) -> (
    [TemplateNode], end: (keyword: String, rest: ExpressionParser)?
  ) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw TemplateError("statements nested too deeply") }
    var nodes: [TemplateNode] = []
    while let piece = pieces.popFirst() {
      switch piece {
      case .text(let text): nodes.append(.text(text))
      case .output(let tokens):
        var parser = ExpressionParser(tokens)
        nodes.append(.output(try parser.expression()))
        try parser.expectEnd()
      case .statement(let tokens):
        var parser = ExpressionParser(tokens)
        let keyword = try parser.takeName()
        if Self.ends.contains(keyword) { return (nodes, (keyword, parser)) }
        nodes.append(try statement(keyword, &parser))
      }
    }
    return (nodes, nil)
  }

  private mutating func statement(
    _ keyword: String, _ parser: inout ExpressionParser
  ) throws(TemplateError) -> TemplateNode {
    switch keyword {
    case "if": return try condition(&parser)
    case "for": return try loop(&parser)
    case "set":
      let name = try parser.takeName()
      let member = parser.take(".") ? try parser.takeName() : nil
      guard parser.take("=") else { throw .unsupported("a `set` block") }
      let value = try parser.expression()
      try parser.expectEnd()
      return .set(name: name, member: member, value)
    default: throw .unsupported("the statement `\(keyword)`")
    }
  }

  private mutating func condition(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    var branches: [(condition: TemplateExpression, body: [TemplateNode])] = []
    var condition = try parser.expression()
    try parser.expectEnd()
    while true {
      let (body, end) = try nodes()
      branches.append((condition, body))
      guard var (keyword, rest) = end else { throw TemplateError("an `if` without `endif`") }
      switch keyword {
      case "endif":
        try rest.expectEnd()
        return .condition(branches, otherwise: [])
      case "elif":
        condition = try rest.expression()
        try rest.expectEnd()
      case "else":
        try rest.expectEnd()
        let (otherwise, end) = try nodes()
        guard let (keyword, rest) = end, keyword == "endif" else {
          throw TemplateError("an `else` without `endif`")
        }
        try rest.expectEnd()
        return .condition(branches, otherwise: otherwise)
      default:
        keyword = "an `if` that ends with `\(keyword)`"
        throw TemplateError(keyword)
      }
    }
  }

  private mutating func loop(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    let variable = try parser.takeName()
    guard parser.takeWord("in") else { throw .unsupported("a loop over several variables") }
    let sequence = try parser.operand()
    guard parser.isAtEnd else { throw .unsupported("a loop with a condition") }
    let (body, end) = try nodes()
    guard let (keyword, rest) = end else { throw TemplateError("a `for` without `endfor`") }
    guard keyword == "endfor" else { throw .unsupported("a loop with `\(keyword)`") }
    try rest.expectEnd()
    return .loop(variable: variable, over: sequence, body: body)
  }
}
