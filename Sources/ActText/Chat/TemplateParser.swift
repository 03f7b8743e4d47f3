/// Reads the statements of a template.
struct TemplateParser {
  private var pieces: ArraySlice<TemplatePiece>
  private var depth = 0
  /// How many loops are open, within the macro or block that is.
  private var loops = 0

  static func parse(_ text: String) throws(TemplateError) -> [TemplateNode] {
    guard text.utf8.count <= 1 << 20 else { throw TemplateError("longer than 1 MiB") }
    var lexer = TemplateLexer(text)
    var parser = TemplateParser(pieces: try lexer.pieces()[...])
    let (nodes, end) = try parser.nodes()
    if let end { throw TemplateError("`\(end.keyword)` without its beginning") }
    return nodes
  }

  private init(pieces: ArraySlice<TemplatePiece>) { self.pieces = pieces }

  private typealias Ending = (keyword: String, rest: ExpressionParser)

  private static let ends: Set<String> = [
    "endif", "else", "elif", "endfor", "endset", "endmacro", "endcall", "endfilter", "endwith",
    "endgeneration",
  ]

  /// Nodes up to a statement that ends or continues the one around them.
  private mutating func nodes() throws(TemplateError) -> ([TemplateNode], end: Ending?) {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 48 else { throw TemplateError("statements nested too deeply") }
    var nodes: [TemplateNode] = []
    while let piece = pieces.popFirst() {
      switch piece {
      case .text(let text): nodes.append(.text(text))
      case .output(let tokens):
        var parser = ExpressionParser(tokens)
        nodes.append(.output(try parser.tuple()))
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

  /// The nodes of a statement that ends with one of `ends`, and which that is.
  private mutating func body(
    of name: String, until ends: String...
  ) throws(TemplateError) -> ([TemplateNode], end: Ending) {
    let (body, end) = try nodes()
    guard let end else {
      let article = "aeiou".contains(name.first ?? " ") ? "an" : "a"
      throw TemplateError("\(article) `\(name)` without `\(ends[0])`")
    }
    guard ends.contains(end.keyword) else {
      throw TemplateError("expected `\(ends[0])` of `\(name)`, found `\(end.keyword)`")
    }
    return (body, end)
  }

  /// The same, for statements with one body; loops outside of it cannot be left from within.
  private mutating func isolatedBody(of name: String) throws(TemplateError) -> [TemplateNode] {
    let outer = loops
    loops = 0
    defer { loops = outer }
    return try plainBody(of: name)
  }

  private mutating func plainBody(of name: String) throws(TemplateError) -> [TemplateNode] {
    let (body, end) = try body(of: name, until: "end" + name)
    // After `endmacro` Jinja takes nothing else either.
    try end.rest.expectEnd()
    return body
  }

  private mutating func statement(
    _ keyword: String, _ parser: inout ExpressionParser
  ) throws(TemplateError) -> TemplateNode {
    switch keyword {
    case "if": return try condition(&parser)
    case "for": return try loop(&parser)
    case "set": return try assignment(&parser)
    case "macro": return try macro(&parser)
    case "call": return try call(&parser)
    case "filter":
      let filters = try self.filters(&parser, first: parser.filterCall())
      return .filter(filters, try plainBody(of: keyword))
    case "with": return try with(&parser)
    case "generation":
      try parser.expectEnd()
      return .block(try isolatedBody(of: keyword))
    case "break", "continue":
      try parser.expectEnd()
      guard loops > 0 else { throw TemplateError("`\(keyword)` outside of a loop") }
      return keyword == "break" ? .breakLoop : .continueLoop
    default: throw .unsupported("the statement `\(keyword)`")
    }
  }

  private mutating func condition(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    var branches: [(condition: TemplateExpression, body: [TemplateNode])] = []
    var condition = try parser.tuple(allowsChoice: false)
    try parser.expectEnd()
    while true {
      var (body, end) = try body(of: "if", until: "endif", "elif", "else")
      branches.append((condition, body))
      switch end.keyword {
      case "elif":
        condition = try end.rest.tuple(allowsChoice: false)
        try end.rest.expectEnd()
      case "else":
        try end.rest.expectEnd()
        return .condition(branches, otherwise: try plainBody(of: "if"))
      default:
        try end.rest.expectEnd()
        return .condition(branches, otherwise: [])
      }
    }
  }

  private mutating func loop(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    let target = try parser.target()
    guard parser.takeWord("in") else { throw TemplateError("expected `in` of `for`") }
    let sequence = try parser.tuple(allowsChoice: false)
    let condition = parser.takeWord("if") ? try parser.expression() : nil
    if parser.isNextName("recursive") { throw .unsupported("a recursive loop") }
    try parser.expectEnd()
    loops += 1
    let (body, end) = try body(of: "for", until: "endfor", "else")
    loops -= 1
    try end.rest.expectEnd()
    let otherwise = end.keyword == "else" ? try plainBody(of: "for") : []
    return .loop(
      LoopNode(target: target, sequence: sequence, condition: condition, body: body, otherwise: otherwise))
  }

  private mutating func assignment(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    let target = try parser.target(allowsNamespace: true)
    if parser.take("=") {
      let value = try parser.tuple()
      try parser.expectEnd()
      return .set(target, value)
    }
    if case .several = target { throw TemplateError("a `set` of several variables without a value") }
    let filters = try self.filters(&parser, first: nil)
    return .capture(target, filters, try plainBody(of: "set"))
  }

  /// Filters with `|` between them, up to the tag's end.
  private func filters(
    _ parser: inout ExpressionParser, first: FilterCall?
  ) throws(TemplateError) -> [FilterCall] {
    var filters = first.map { [$0] } ?? []
    while parser.take("|") { filters.append(try parser.filterCall()) }
    try parser.expectEnd()
    return filters
  }

  private mutating func macro(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    let name = try parser.takeName()
    try parser.expect("(")
    var signature = try parser.signature()
    try parser.expectEnd()
    let before = pieces
    let body = try isolatedBody(of: "macro")
    for name in Self.names(in: before.prefix(before.count - pieces.count)) {
      if name == "caller" { signature.readsCaller = true }
      if name == "varargs" || name == "kwargs" { throw .unsupported("`\(name)` of a macro") }
    }
    return .macro(name: name, signature, body)
  }

  /// All names in the tags of `pieces`.
  private static func names(in pieces: some Sequence<TemplatePiece>) -> [String] {
    pieces.flatMap { piece in
      switch piece {
      case .text: [String]()
      case .output(let tokens), .statement(let tokens):
        tokens.compactMap { if case .name(let name) = $0 { name } else { nil } }
      }
    }
  }

  private mutating func call(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    let signature = parser.take("(") ? try parser.signature() : MacroSignature()
    let callee = try parser.expression()
    try parser.expectEnd()
    guard case .call = callee else { throw TemplateError("expected a call after `call`") }
    return .call(callee, signature, try isolatedBody(of: "call"))
  }

  private mutating func with(_ parser: inout ExpressionParser) throws(TemplateError) -> TemplateNode {
    var assignments: [(AssignmentTarget, TemplateExpression)] = []
    while !parser.isAtEnd {
      if !assignments.isEmpty { try parser.expect(",") }
      let name = try parser.takeName()
      try parser.expect("=")
      assignments.append((.variable(name), try parser.expression()))
    }
    return .with(assignments, try plainBody(of: "with"))
  }
}
