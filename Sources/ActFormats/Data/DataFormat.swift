/// How a data file says what its samples are.
package enum DataFormat: String, Hashable, Sendable, CaseIterable {
  /// A sample a line; blank lines are skipped. A record has one field, `text`.
  case lines = "txt"
  /// A JSON object a line; blank lines are skipped.
  case records = "jsonl"
  /// A JSON array of objects.
  case array = "json"
  /// Fields between commas, quoted as in RFC 4180; the first row names the fields.
  case commaSeparated = "csv"
  /// The same with tabs.
  case tabSeparated = "tsv"

  /// The endings of names and the format of each; a name without an ending is of lines.
  private static let endings: [(ending: String, format: DataFormat)] =
    allCases.map { ($0.rawValue, $0) } + [("ndjson", .records)]

  /// The format that the name of a file tells: by its ending, or lines where it has none. Any other ending is refused,
  /// because tables and archives read as lines would be noise.
  package init(ofName path: String) throws(FileError) {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex, name.index(after: dot) != name.endIndex
    else {
      self = .lines
      return
    }
    let ending = name[name.index(after: dot)...].lowercased()
    guard let known = Self.endings.first(where: { $0.ending == ending }) else {
      let endings = Self.endings.map { ".\($0.ending)" }.joined(separator: ", ")
      throw .unsupported(
        path, nil, "data files that end in `.\(ending)` are not supported; \(endings) are",
        next: "convert it, or name it .txt if it holds a sample a line")
    }
    self = known.format
  }
}
