/// Prints an op's attributes or reads them back, so that an op describes them once.
///
/// An op passes each of its fields under its key. Where the coder prints, it takes the value; where it reads, it stores
/// what the text says. A field with a fallback is left out of the text where it has that value.
struct AttributeCoder {
  /// The operands of the node that is read, by which a body's inputs are counted.
  let operandCount: Int
  /// The declared type of the node that is read; ops whose result type names a target take it from here.
  let declaredType: TensorType?
  private var reader: AttributeReader?
  private(set) var printed: [(key: String, value: Attribute)] = []

  /// A coder that prints.
  init() { (operandCount, declaredType, reader) = (0, nil, nil) }

  /// A coder that reads.
  init(reading reader: AttributeReader, operandCount: Int, type: TensorType) {
    self.reader = reader
    self.operandCount = operandCount
    declaredType = type
  }

  /// The attributes that were not read.
  var rest: AttributeReader? { reader }

  var line: Int { reader?.line ?? 0 }

  func failure(_ problem: String) -> ParseError { ParseError(line: line, problem: problem) }

  mutating func string(_ key: String, _ value: inout String, default fallback: String? = nil)
    throws(ParseError)
  {
    guard reader == nil else {
      if let fallback, !reader!.has(key) { return value = fallback }
      return value = try reader!.string(key)
    }
    if value != fallback { printed.append((key, .string(value))) }
  }

  mutating func word(_ key: String, _ value: inout String, default fallback: String) throws(ParseError) {
    guard reader == nil else { return value = try reader!.word(key, default: fallback) }
    if value != fallback { printed.append((key, .word(value))) }
  }

  mutating func int(_ key: String, _ value: inout Int, default fallback: Int? = nil) throws(ParseError) {
    guard reader == nil else { return value = try reader!.int(key, default: fallback) }
    if value != fallback { printed.append((key, .int(value))) }
  }

  /// A number that may be left out.
  mutating func optionalInt(_ key: String, _ value: inout Int?) throws(ParseError) {
    guard reader == nil else { return value = reader!.has(key) ? try reader!.int(key) : nil }
    if let value { printed.append((key, .int(value))) }
  }

  /// Numbers as `3,3`; `count` of them, where that is given.
  mutating func ints(_ key: String, _ value: inout [Int], count: Int? = nil, default fallback: [Int]? = nil)
    throws(ParseError)
  {
    func text(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }
    guard reader == nil else {
      if let fallback, !reader!.has(key) { return value = fallback }
      let parts = try reader!.string(key).split(separator: ",", omittingEmptySubsequences: false)
      value = parts.compactMap { Int32($0) }.filter { $0 >= 0 }.map(Int.init)
      guard value.count == parts.count, value.count == count ?? value.count else {
        let example = text(fallback ?? (0..<(count ?? 2)).reversed())
        throw failure("attribute `\(key)`: expected \(count.map { "\($0) " } ?? "")numbers as \(example)")
      }
      return
    }
    if value != fallback { printed.append((key, .string(text(value)))) }
  }

  mutating func double(_ key: String, _ value: inout Double, default fallback: Double? = nil)
    throws(ParseError)
  {
    guard reader == nil else { return value = try reader!.double(key, default: fallback) }
    if value != fallback { printed.append((key, .float(value))) }
  }

  /// Numbers above 0, as `1.0,2.5`.
  mutating func doubles(_ key: String, _ value: inout [Double]) throws(ParseError) {
    guard reader == nil else {
      let parts = try reader!.string(key).split(separator: ",", omittingEmptySubsequences: false)
      value = parts.compactMap { Double($0) }.filter { $0 > 0 && $0.isFinite }
      guard value.count == parts.count else {
        throw failure("attribute `\(key)`: expected numbers above 0 as 1.0,2.5")
      }
      return
    }
    printed.append((key, .string(value.map { "\($0)" }.joined(separator: ","))))
  }

  mutating func float(_ key: String, _ value: inout Float, default fallback: Float? = nil) throws(ParseError)
  {
    guard reader == nil else {
      return value = Float(try reader!.double(key, default: fallback.map(Double.init)))
    }
    // By way of the float's own shortest text: 0.1, not what it is as a double.
    if value != fallback { printed.append((key, .float(Double("\(value)")!))) }
  }

  /// The body after a product with a matrix, which is an operand of the node and not of the body.
  mutating func epilogue(_ value: inout Expression) throws(ParseError) {
    try body(&value, inputCount: max(0, operandCount - 1))
  }

  /// A body of `inputCount` inputs.
  mutating func body(_ value: inout Expression, inputCount: Int) throws(ParseError) {
    guard reader == nil else { return value = try reader!.expression("body", inputCount: inputCount) }
    printed.append(("body", .string(value.description)))
  }
}
