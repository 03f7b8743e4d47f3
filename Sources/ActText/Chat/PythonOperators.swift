import Glibc

/// The operators of Python.
extension TemplateValue {
  /// Whether two values are equal, as `==` says.
  func equals(_ other: TemplateValue, depth: Int = 0) throws(TemplateError) -> Bool {
    guard depth < 64 else { throw TemplateError("a value nested too deeply to compare") }
    if let first = text, let second = other.text {
      return first.unicodeScalars.elementsEqual(second.unicodeScalars)
    }
    if case .int(let first) = self, case .int(let second) = other { return first == second }
    if let first = number, let second = other.number { return first == second }
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.list(let first, let kind), .list(let second, let otherKind)):
      guard kind == otherKind, first.count == second.count else { return false }
      for (one, two) in zip(first, second) where try !one.equals(two, depth: depth + 1) { return false }
      return true
    case (.object(let first), .object(let second)):
      guard first.members.count == second.members.count else { return false }
      for member in first.members {
        guard let other = try second.value(of: member.key), try member.value.equals(other, depth: depth + 1)
        else {
          return false
        }
      }
      return true
    case (.namespace(let first), .namespace(let second)): return first === second
    case (.iterator(let first), .iterator(let second)): return first === second
    case (.loop(let first), .loop(let second)): return first === second
    case (.function, .function): throw .unsupported("a comparison of functions")
    default: return false
    }
  }

  /// `in`.
  func contains(_ member: TemplateValue) throws(TemplateError) -> Bool {
    switch self {
    case .string(let text), .markup(let text):
      guard let part = member.text else { throw TemplateError("\(member.kind) in a text") }
      return part.isEmpty || !text.places(of: part).isEmpty
    case .object(let object): return try object.value(of: member) != nil
    case .iterator(let iterator): return try iterator.advance(to: member)
    case .namespace: throw TemplateError("`in` a namespace")
    default:
      for value in try iterated() where try value.equals(member) { return true }
      return false
    }
  }

  /// A comparison; `<` and its kin take numbers, texts, and lists of them.
  func compared(_ sign: ComparisonOperator, _ other: TemplateValue) throws(TemplateError) -> Bool {
    switch sign {
    case .equal: try equals(other)
    case .notEqual: try !equals(other)
    case .isIn: try other.contains(self)
    case .isNotIn: try !other.contains(self)
    case .less: try precedes(other, sign)
    case .greater: try other.precedes(self, sign)
    // Both are comparisons of their own, which values without an order do not have.
    case .lessOrEqual: try isOrdered(with: other) ? !other.precedes(self, sign) : false
    case .greaterOrEqual: try isOrdered(with: other) ? !precedes(other, sign) : false
    }
  }

  /// Whether neither is a number that is none.
  private func isOrdered(with other: TemplateValue) -> Bool {
    !(number?.isNaN ?? false) && !(other.number?.isNaN ?? false)
  }

  /// Whether it comes before `other`; `sign` is for messages.
  func precedes(_ other: TemplateValue, _ sign: ComparisonOperator = .less) throws(TemplateError) -> Bool {
    if let first = text, let second = other.text {
      return first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
    }
    if case .int(let first) = self, case .int(let second) = other { return first < second }
    if let first = number, let second = other.number { return first < second }
    if case .list(let first, let kind) = self, case .list(let second, let otherKind) = other,
      kind == otherKind, kind == .list || kind == .tuple
    {
      for (one, two) in zip(first, second) where try !one.equals(two) { return try one.precedes(two, sign) }
      return first.count < second.count
    }
    throw TemplateError("`\(sign.rawValue)` of \(kind) and \(other.kind)")
  }

  /// What an arithmetic operator makes of two values.
  func combined(_ sign: ArithmeticOperator, _ other: TemplateValue) throws(TemplateError) -> TemplateValue {
    if let first = integer, let second = other.integer {
      return try Self.combined(first, sign, second)
    }
    if let first = number, let second = other.number { return try Self.combined(first, sign, second) }
    switch (sign, self, other) {
    case (.add, .string(let first), .string(let second)): return .string(first + second)
    case (.add, .markup(let first), .string(let second)): return .markup(first + second.escapedForHTML)
    case (.add, .string(let first), .markup(let second)): return .markup(first.escapedForHTML + second)
    case (.add, .markup(let first), .markup(let second)): return .markup(first + second)
    case (.add, .list(let first, .list), .list(let second, .list)): return .list(first + second)
    case (.add, .list(let first, .tuple), .list(let second, .tuple)): return .list(first + second, .tuple)
    case (.multiply, _, _) where integer != nil && (other.text != nil || other.isSequence):
      return try other.repeated(integer ?? 0)
    case (.multiply, _, _) where other.integer != nil && (text != nil || isSequence):
      return try repeated(other.integer ?? 0)
    case (.remainder, .string(let format), _): return .string(try PercentFormat.apply(format, to: other))
    default: throw TemplateError("`\(sign.rawValue)` of \(kind) and \(other.kind)")
    }
  }

  private var isSequence: Bool {
    if case .list(_, let kind) = self { kind == .list || kind == .tuple } else { false }
  }

  /// The most scalars or values that a repetition may make.
  private static let maximumRepetition = 1 << 20

  private func repeated(_ count: Int) throws(TemplateError) -> TemplateValue {
    let count = max(0, count)
    let (total, overflow) = (length ?? 0).multipliedReportingOverflow(by: count)
    guard !overflow, total <= Self.maximumRepetition else {
      throw TemplateError("a repetition longer than \(Self.maximumRepetition)")
    }
    switch self {
    case .string(let text): return .string(String(repeating: text, count: text.isEmpty ? 0 : count))
    case .markup(let text): return .markup(String(repeating: text, count: text.isEmpty ? 0 : count))
    case .list(let values, let kind):
      return .list(values.isEmpty ? [] : (0..<count).flatMap { _ in values }, kind)
    default: throw TemplateError("a repetition of \(kind)")
    }
  }

  private static func combined(
    _ first: Int, _ sign: ArithmeticOperator, _ second: Int
  ) throws(TemplateError) -> TemplateValue {
    let (result, overflow): (Int, Bool)
    switch sign {
    case .add: (result, overflow) = first.addingReportingOverflow(second)
    case .subtract: (result, overflow) = first.subtractingReportingOverflow(second)
    case .multiply: (result, overflow) = first.multipliedReportingOverflow(by: second)
    case .divide: return try combined(Double(first), .divide, Double(second))
    case .power: return try power(first, second)
    case .divideWhole, .remainder:
      // The quotient is rounded down, and the remainder has the divisor's sign.
      let (quotient, isOutside) = first.dividedReportingOverflow(by: second)
      guard !isOutside else { throw TemplateError("a division by 0 or out of range") }
      let remainder = first - quotient * second
      let isBelow = remainder != 0 && (remainder < 0) != (second < 0)
      if sign == .divideWhole { return .int(isBelow ? quotient - 1 : quotient) }
      return .int(isBelow ? remainder + second : remainder)
    }
    guard !overflow else { throw TemplateError("a number out of range") }
    return .int(result)
  }

  private static func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> TemplateValue {
    if exponent < 0 { return try combined(Double(base), .power, Double(exponent)) }
    // From 64 on only these three stay in range.
    let isSmall = (-1...1).contains(base)
    guard isSmall || exponent < 64 else { throw TemplateError("a number out of range") }
    var result = 1
    for _ in 0..<(isSmall ? min(exponent, 2 + exponent % 2) : exponent) {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      guard !overflow else { throw TemplateError("a number out of range") }
      result = product
    }
    return .int(result)
  }

  private static func combined(
    _ first: Double, _ sign: ArithmeticOperator, _ second: Double
  ) throws(TemplateError) -> TemplateValue {
    switch sign {
    case .add: return .float(first + second)
    case .subtract: return .float(first - second)
    case .multiply: return .float(first * second)
    case .divide, .divideWhole, .remainder:
      guard second != 0 else { throw TemplateError("a division by 0 or out of range") }
      if sign == .divide { return .float(first / second) }
      var remainder = fmod(first, second)
      if remainder != 0, (remainder < 0) != (second < 0) { remainder += second }
      if sign == .remainder {
        return .float(remainder == 0 ? Double(signOf: second, magnitudeOf: 0) : remainder)
      }
      return .float(((first - remainder) / second).rounded(.toNearestOrEven))
    case .power:
      let result = pow(first, second)
      guard !(first == 0 && second < 0), result.isFinite || !first.isFinite || !second.isFinite else {
        throw TemplateError("a number out of range")
      }
      return .float(result)
    }
  }

  /// A number with its sign changed.
  func negated() throws(TemplateError) -> TemplateValue {
    if let number = integer { return try Self.combined(0, .subtract, number) }
    if case .float(let number) = self { return .float(-number) }
    throw TemplateError("`-` of \(kind)")
  }
}

extension String {
  /// Safe to stand in HTML, as `markupsafe` has it.
  var escapedForHTML: String {
    unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "'": text += "&#39;"
      case "\"": text += "&#34;"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
