/// Filters that make texts. They take any value, as the text that it prints as.
enum TextFilter {
  typealias Value = TemplateValue
  typealias Arguments = TemplateArguments

  private static func text(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateError) -> String {
    try arguments.expectNone(name)
    return try printed(value)
  }

  /// The text of a value; what is marked as safe would stay so, which is not kept here.
  private static func printed(_ value: TemplateValue) throws(TemplateError) -> String {
    if case .markup = value { throw .unsupported("a filter of text that is marked as safe") }
    return try value.printed()
  }

  static func upper(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    .string(try text("upper", value, arguments).pythonUpper)
  }

  static func lower(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    .string(try text("lower", value, arguments).pythonLower)
  }

  static func capitalize(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    .string(try text("capitalize", value, arguments).pythonCapitalized)
  }

  /// Raises the first letter of words, which begin after a blank, a hyphen or an opening bracket.
  static func title(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    var (title, word) = ("", "")
    func flush() {
      if let first = word.unicodeScalars.first {
        title += String(first).pythonUpper + String(word.unicodeScalars.dropFirst()).pythonLower
      }
      word = ""
    }
    for scalar in try text("title", value, arguments).unicodeScalars {
      if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
        flush()
        title.unicodeScalars.append(scalar)
      } else {
        word.unicodeScalars.append(scalar)
      }
    }
    flush()
    return .string(title)
  }

  static func string(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("string")
    if case .markup = value { return value }
    return .string(try value.printed())
  }

  static func safe(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("safe")
    return .markup(try value.printed())
  }

  static func escape(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("escape")
    if case .markup = value { return value }
    return .markup(try value.printed().escapedForHTML)
  }

  static func escapeAgain(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("forceescape")
    return .markup(try value.printed().escapedForHTML)
  }

  static func trim(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let set = try arguments.bound("trim", ["chars"]).text("chars")
    return .string(try printed(value).stripped(of: set))
  }

  static func replace(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("replace", ["old", "new", "count"], required: 2)
    let limit = try bound.integer("count") ?? -1
    return .string(
      try TextMethod.replaced(
        printed(value), (bound["old"] ?? .none).printed(), (bound["new"] ?? .none).printed(),
        limit: limit < 0 ? .max : limit))
  }

  static func center(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let width = try arguments.bound("center", ["width"]).integer("width") ?? 80
    return try TextMethod.call("center", printed(value), TemplateArguments(values: [.int(width)]))
  }

  static func format(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    guard arguments.named.isEmpty else { throw .unsupported("`format` with named arguments") }
    return .string(try PercentFormat.apply(printed(value), to: .list(arguments.values, .tuple)))
  }

  /// Indents all lines but the first, and without `blank` those that have something in them.
  static func indent(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("indent", ["width", "first", "blank"])
    guard case .string(let text) = value else { throw TemplateError("`indent` of \(value.kind)") }
    var space = bound["width"]?.text ?? ""
    if bound["width"]?.text == nil {
      let width = bound["width"] == nil ? 4 : try bound.integer("width")
      guard let width, width <= 4096 else {
        throw TemplateError("`indent`: expected a width up to 4096, or a text")
      }
      space = String(repeating: " ", count: max(0, width))
    }
    let lines = (text + "\n").linesOfPython(keepsEnds: false)
    let (added, overflow) = space.utf8.count.multipliedReportingOverflow(by: lines.count)
    guard !overflow, added <= 16 << 20 else { throw TemplateError("`indent` makes too long a text") }
    var out = bound.isTrue("first") ? space : ""
    for (index, line) in lines.enumerated() {
      if index > 0 { out += "\n" + (line.isEmpty && !bound.isTrue("blank") ? "" : space) }
      out += line
    }
    return .string(out)
  }

  static func truncate(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("truncate", ["length", "killwords", "end", "leeway"])
    let end = try bound.text("end") ?? "..."
    let (length, leeway) = (try bound.integer("length") ?? 255, try bound.integer("leeway") ?? 5)
    let kept = length - end.unicodeScalars.count
    guard kept >= 0, leeway >= 0 else { throw TemplateError("`truncate` to less than its end") }
    guard let size = value.length else { throw TemplateError("`truncate` of \(value.kind)") }
    if size <= length + leeway { return value }
    guard case .string(let text) = value else { throw .unsupported("`truncate` of \(value.kind)") }
    let start = String(text.unicodeScalars.prefix(kept))
    if bound.isTrue("killwords") { return .string(start + end) }
    return .string(start.parts(at: " ", limit: 1, fromEnd: true)[0] + end)
  }

  static func wordcount(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    var (count, isInside) = (0, false)
    for scalar in try text("wordcount", value, arguments).unicodeScalars {
      let properties = scalar.properties
      let isWord: Bool =
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: scalar == "_" || properties.numericType != nil
        }
      if isWord, !isInside { count += 1 }
      isInside = isWord
    }
    return .int(count)
  }
}
