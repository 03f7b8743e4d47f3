/// An attribute's value in the text form.
public enum Attribute: Hashable, Sendable {
  /// A whole number: `64`.
  case int(Int)
  /// A number with a fraction or an exponent: `1e-05`.
  case float(Double)
  /// Text in quotation marks, with escapes: `"model.norm"`.
  case string(String)
  /// A bare word, such as the name of an element type: `bf16`.
  case word(String)
}

extension Attribute: CustomStringConvertible {
  public var description: String {
    switch self {
    case .int(let value): String(value)
    case .float(let value): "\(value)"
    case .string(let text): "\"" + text.unicodeScalars.map(Self.escape).joined() + "\""
    case .word(let text): text
    }
  }

  /// Whether a terminal may take the scalar for an order; the same as where text is shown.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"", "\\": "\\\(scalar)"
    case "\n": "\\n"
    default: isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16, uppercase: true))}" : String(scalar)
    }
  }
}

/// Hands out a node's attributes by key, and knows which of them were not taken.
struct AttributeReader {
  let line: Int
  private var values: [String: Attribute] = [:]

  init(line: Int) { self.line = line }

  mutating func add(_ key: String, _ value: Attribute) throws(ParseError) {
    guard values.updateValue(value, forKey: key) == nil else {
      throw failure("attribute `\(key)` given twice")
    }
  }

  func failure(_ problem: String) -> ParseError { ParseError(line: line, problem: problem) }

  func has(_ key: String) -> Bool { values[key] != nil }

  private mutating func take(_ key: String) throws(ParseError) -> Attribute {
    guard let value = values.removeValue(forKey: key) else { throw failure("missing attribute `\(key)`") }
    return value
  }

  mutating func string(_ key: String) throws(ParseError) -> String {
    guard case .string(let text) = try take(key) else {
      throw failure("attribute `\(key)`: expected a string")
    }
    return text
  }

  mutating func optionalString(_ key: String) throws(ParseError) -> String? {
    values[key] == nil ? nil : try string(key)
  }

  mutating func word(_ key: String, default fallback: String) throws(ParseError) -> String {
    guard values[key] != nil else { return fallback }
    guard case .word(let text) = try take(key) else { throw failure("attribute `\(key)`: expected a word") }
    return text
  }

  mutating func int(_ key: String, default fallback: Int? = nil) throws(ParseError) -> Int {
    if let fallback, values[key] == nil { return fallback }
    guard case .int(let value) = try take(key), (0...Int(Int32.max)).contains(value) else {
      throw failure("attribute `\(key)`: expected a non-negative integer")
    }
    return value
  }

  mutating func double(_ key: String, default fallback: Double? = nil) throws(ParseError) -> Double {
    if let fallback, values[key] == nil { return fallback }
    switch try take(key) {
    case .int(let value): return Double(value)
    case .float(let value): return value
    default: throw failure("attribute `\(key)`: expected a number")
    }
  }

  mutating func expression(_ key: String, inputCount: Int) throws(ParseError) -> Expression {
    let text = try string(key)
    do { return try Expression(parsing: text, inputCount: inputCount) } catch { throw failure("\(error)") }
  }

  func finish() throws(ParseError) {
    if let key = values.keys.min() { throw failure("unknown attribute `\(key)`") }
  }
}
