/// What `tojson` writes: the JSON of Python's `json.dumps`, as `transformers` sets it.
struct TemplateJSON {
  private let indent: String?
  private let itemSeparator: String
  private let keySeparator: String
  private let isASCII: Bool
  private let sortsKeys: Bool
  private var text = ""

  static func text(_ value: TemplateValue, _ arguments: TemplateArguments) throws(TemplateError) -> String {
    let bound = try arguments.bound("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"])
    var writer = try TemplateJSON(bound)
    try writer.write(value, depth: 0)
    return writer.text
  }

  private init(_ bound: BoundArguments) throws(TemplateError) {
    isASCII = bound.isTrue("ensure_ascii")
    sortsKeys = bound.isTrue("sort_keys")
    if let text = bound.given("indent")?.text {
      indent = text
    } else {
      let width = try bound.integer("indent")
      guard width ?? 0 <= 64 else { throw TemplateError("`tojson`: an indent above 64") }
      indent = width.map { String(repeating: " ", count: max(0, $0)) }
    }
    guard let separators = bound.given("separators") else {
      (itemSeparator, keySeparator) = (indent == nil ? ", " : ",", ": ")
      return
    }
    guard case .list(let values, _) = separators, values.count == 2, let item = values[0].text,
      let key = values[1].text
    else { throw TemplateError("`tojson`: expected two texts as `separators`") }
    (itemSeparator, keySeparator) = (item, key)
  }

  private mutating func write(_ value: TemplateValue, depth: Int) throws(TemplateError) {
    guard depth < 64 else { throw TemplateError("`tojson` of a value nested too deeply") }
    switch value {
    case .none: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .int(let number): text += "\(number)"
    case .float(let number): text += Self.spelled(number)
    case .string(let string), .markup(let string): write(string)
    case .list(let values, .list), .list(let values, .tuple):
      try write(values, depth, "[", "]") { (writer, value) throws(TemplateError) in
        try writer.write(value, depth: depth + 1)
      }
    case .object(let object):
      var members: [(key: String, value: TemplateValue)] = []
      for member in object.members {
        members.append((try Self.spelled(member.key), member.value))
      }
      if sortsKeys {
        members.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
      }
      try write(members, depth, "{", "}") { (writer, member) throws(TemplateError) in
        writer.write(member.key)
        writer.text += writer.keySeparator
        try writer.write(member.value, depth: depth + 1)
      }
    case .undefined, .list, .namespace, .iterator, .loop, .function:
      throw TemplateError("`tojson` of \(value.kind)")
    }
  }

  private mutating func write<T>(
    _ elements: [T], _ depth: Int, _ opening: String, _ closing: String,
    _ write: (inout TemplateJSON, T) throws(TemplateError) -> Void
  ) throws(TemplateError) {
    text += opening
    for (index, element) in elements.enumerated() {
      if index > 0 { text += itemSeparator }
      newLine(depth + 1)
      try write(&self, element)
    }
    if !elements.isEmpty { newLine(depth) }
    text += closing
  }

  private mutating func newLine(_ depth: Int) {
    if let indent { text += "\n" + String(repeating: indent, count: depth) }
  }

  private static func spelled(_ number: Double) -> String {
    number.isNaN
      ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : number.pythonRepresentation
  }

  /// The text of a key.
  private static func spelled(_ key: TemplateValue) throws(TemplateError) -> String {
    switch key {
    case .string(let text), .markup(let text): return text
    case .int(let number): return "\(number)"
    case .float(let number): return spelled(number)
    case .bool(let flag): return flag ? "true" : "false"
    case .none: return "null"
    default: throw TemplateError("`tojson` with \(key.kind) as a key")
    }
  }

  private mutating func write(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case _ where scalar.value < 0x20 || isASCII && scalar.value > 0x7E:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
