/// How a data file says what its samples are.
package enum DataFormat: String, Hashable, Sendable, CaseIterable {
  /// A sample a line; blank lines are skipped. A record has one field, `text`.
  case lines = "txt"
  /// A JSON object a line; blank lines are skipped.
  case records = "jsonl"
  /// Fields between commas, quoted as in RFC 4180; the first row names the fields.
  case commaSeparated = "csv"
  /// The same with tabs.
  case tabSeparated = "tsv"

  /// The format that the name of a file tells; lines where it tells none.
  package init(ofName path: String) {
    self = Self.allCases.first { path.hasSuffix(".\($0.rawValue)") } ?? .lines
  }
}
