import Glibc

/// Filters that make numbers.
enum NumberFilter {
  typealias Value = TemplateValue
  typealias Arguments = TemplateArguments

  static func abs(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    try arguments.expectNone("abs")
    if case .float(let number) = value { return .float(number.magnitude) }
    guard let number = value.integer else { throw TemplateError("`abs` of \(value.kind)") }
    return number < 0 ? try value.negated() : .int(number)
  }

  /// A whole number, or `default` of what is none; texts may hold a number with a fraction, which is cut off.
  static func int(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("int", ["default", "base"])
    let base = try bound.integer("base") ?? 10
    if case .undefined = value { throw TemplateError("`int` of an undefined value") }
    if let number = value.integer { return .int(number) }
    if case .float(let number) = value {
      if number.isInfinite { throw TemplateError("`int` of an infinite number") }
      if number.isNaN { return bound["default"] ?? .int(0) }
      return try whole(number)
    }
    guard let text = value.text else { return bound["default"] ?? .int(0) }
    if let digits = spelled(text), let number = parsed(digits, base) { return try .int(number()) }
    if let number = real(text), number.isFinite { return try whole(number) }
    return bound["default"] ?? .int(0)
  }

  static func float(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("float", ["default"])
    if case .undefined = value { throw TemplateError("`float` of an undefined value") }
    let number = value.number ?? value.text.flatMap(real)
    return number.map { .float($0) } ?? bound["default"] ?? .float(0)
  }

  /// Rounded to `precision` digits after the point: to the nearest, of two the one with an even last digit; up; or down.
  static func round(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let bound = try arguments.bound("round", ["precision", "method"])
    let precision = try bound.integer("precision") ?? 0
    let method = try bound.text("method") ?? "common"
    guard let number = value.number else { throw TemplateError("`round` of \(value.kind)") }
    guard (0...300).contains(precision) else { throw .unsupported("`round` to \(precision) digits") }
    switch method {
    case "common":
      if let whole = value.integer { return .int(whole) }
      guard number.isFinite else { return value }
      var buffer = [CChar](repeating: 0, count: 1024)
      let count = withVaList([Int32(precision), number] as [any CVarArg]) {
        vsnprintf(&buffer, buffer.count, "%.*f", $0)
      }
      let text = String(decoding: buffer.prefix(Int(count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
      return .float(Double(text) ?? number)
    case "ceil", "floor":
      let scale = pow(10, Double(precision))
      let scaled = (number * scale).rounded(method == "ceil" ? .up : .down)
      guard scaled.isFinite else { throw TemplateError("`round` of a number out of range") }
      // Python's ceiling is a whole number, which has no negative zero.
      return .float((scaled + 0) / scale)
    default: throw TemplateError("`round`: expected common, ceil or floor as `method`, found `\(method)`")
    }
  }

  private static func whole(_ number: Double) throws(TemplateError) -> TemplateValue {
    guard let whole = Int(exactly: number.rounded(.towardZero)) else {
      throw TemplateError("a number out of range")
    }
    return .int(whole)
  }

  /// A number's text without blanks around it and `_` between digits; nil where these stand elsewhere.
  private static func spelled(_ text: String) -> [UInt8]? {
    let text = text.stripped()
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
      let neighbours = [index - 1, index + 1]
      guard neighbours.allSatisfy({ bytes.indices.contains($0) && isWordByte(bytes[$0]) }) else { return nil }
    }
    return bytes.filter { $0 != UInt8(ascii: "_") }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
  }

  /// The number that digits of `base` spell; what throws where it is out of range, nil where they spell none.
  private static func parsed(_ digits: [UInt8], _ base: Int) -> (() throws(TemplateError) -> Int)? {
    guard (2...36).contains(base) else { return nil }
    var rest = digits[...]
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest.removeFirst()
    }
    let prefixes: [Int: UInt8] = [16: 0x78, 8: 0x6F, 2: 0x62]
    if let prefix = prefixes[base], rest.count > 2, rest.first == 0x30,
      rest[rest.startIndex + 1] | 0x20 == prefix
    {
      rest.removeFirst(2)
    }
    guard !rest.isEmpty else { return nil }
    let text = (isNegative ? "-" : "") + String(decoding: rest, as: UTF8.self)
    let areDigits = rest.allSatisfy { byte in
      isWordByte(byte) && Int(String(UnicodeScalar(byte)), radix: 36).map { $0 < base } == true
    }
    guard areDigits else { return nil }
    return { () throws(TemplateError) in
      guard let number = Int(text, radix: base) else { throw TemplateError("a number out of range") }
      return number
    }
  }

  /// The number that a text spells as Python's `float` reads it.
  private static func real(_ text: String) -> Double? {
    guard let bytes = spelled(text) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    // Swift reads hexadecimal numbers too, and payloads of NaN.
    guard !text.lowercased().contains("x"), !text.contains("(") else { return nil }
    return Double(text)
  }
}
