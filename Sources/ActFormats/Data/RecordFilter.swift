import ActErrors

/// A condition on the fields of a record, such as `toxicity >= 0.75 && !(label == "spam")`.
///
///     or         = and { "||" and }
///     and        = factor { "&&" factor }
///     factor     = "!" factor | "(" or ")" | field comparison value
///     comparison = ">=" | "<=" | ">" | "<" | "==" | "!="
///
/// A field is a name or path of letters, digits, `_`, `-` and `.`, or any name between backquotes. A value is a number,
/// `true`, `false`, `null`, a text between quotation marks, or a word. Order compares numbers, also where they are
/// spelled in a text, as in `.csv` files; it is false of a field that is absent, null or empty. `==` compares numbers as
/// numbers and texts as texts, to the scalar; an absent field equals `null`.
package struct RecordFilter: Hashable, Sendable {
  indirect enum Condition: Hashable, Sendable {
    case or(Condition, Condition)
    case and(Condition, Condition)
    case not(Condition)
    case comparison(field: String, Comparison, Literal)
  }

  enum Comparison: String, Hashable, Sendable, CaseIterable {
    // A spelling comes before those that begin it.
    case atLeast = ">="
    case atMost = "<="
    case equal = "=="
    case notEqual = "!="
    case above = ">"
    case below = "<"
  }

  enum Literal: Hashable, Sendable {
    case number(Double)
    case bool(Bool)
    case null
    case text(String)
  }

  /// As it was written.
  package let text: String
  let condition: Condition

  /// Parses a condition.
  package init(_ text: String) throws(RecordFilterError) {
    var parser = RecordFilterParser(text)
    self.text = text
    condition = try parser.parse()
  }

  /// The fields that the condition tests.
  var fields: Set<String> {
    func fields(_ condition: Condition) -> Set<String> {
      switch condition {
      case .or(let first, let second), .and(let first, let second): fields(first).union(fields(second))
      case .not(let inner): fields(inner)
      case .comparison(let field, _, _): [field]
      }
    }
    return fields(condition)
  }

  /// Whether the record meets the condition. A text where a number is to be compared is an error.
  package func accepts(_ record: DataRecord) throws(FileError) -> Bool { try accepts(record, condition) }

  private func accepts(_ record: DataRecord, _ condition: Condition) throws(FileError) -> Bool {
    switch condition {
    case .or(let first, let second):
      let first = try accepts(record, first)
      return first ? true : try accepts(record, second)
    case .and(let first, let second):
      let first = try accepts(record, first)
      return first ? try accepts(record, second) : false
    case .not(let inner): return try !accepts(record, inner)
    case .comparison(let field, let comparison, let literal):
      let value = record.fields.value(at: field) ?? .null
      switch comparison {
      case .equal: return value.equals(literal)
      case .notEqual: return !value.equals(literal)
      default: return try compare(value, comparison, literal, field, record)
      }
    }
  }

  private func compare(
    _ value: JSON, _ comparison: Comparison, _ literal: Literal, _ field: String, _ record: DataRecord
  ) throws(FileError) -> Bool {
    guard case .number(let bound) = literal, value != .null, value != .string("") else { return false }
    guard let number = value.spelledNumber else {
      throw record.failure("expected a number in `\(field)`, for the filter `\(text)`")
    }
    return switch comparison {
    case .atLeast: number >= bound
    case .atMost: number <= bound
    case .above: number > bound
    case .below: number < bound
    case .equal, .notEqual: false
    }
  }
}

extension JSON {
  /// The number, or the finite number that a text spells.
  fileprivate var spelledNumber: Double? {
    let number = double ?? string.flatMap { Double($0) }
    return number?.isFinite == true ? number : nil
  }

  fileprivate func equals(_ literal: RecordFilter.Literal) -> Bool {
    switch literal {
    case .null: self == .null
    case .number(let number): spelledNumber == number
    case .bool(let flag): self == .bool(flag) || self == .string("\(flag)")
    // To the scalar: equality of strings takes different spellings of a character for one.
    case .text(let text): string?.unicodeScalars.elementsEqual(text.unicodeScalars) == true
    }
  }
}

/// A condition that cannot be read: the character at which it went wrong, from 1, and what was expected.
package struct RecordFilterError: ToolError, Hashable {
  package var character: Int
  package var problem: String

  package var exitStatus: ExitStatus { .usage }
  package var description: String { "character \(character): \(problem)" }
}
