/// One check line: what kind of match it expects, and of which pattern.
struct Directive {
  enum Kind: Equatable {
    /// The first line from here on that matches.
    case plain
    /// The line right after the last match.
    case next
    /// No line between the matches before and after.
    case not
    /// A line that cuts the output into blocks.
    case label
    /// That many lines, one after the other, with others between them.
    case count(Int)
  }

  var kind: Kind
  /// As written, for messages: `CHECK-NEXT`.
  var name: String
  var pattern: String
  /// The line of the text that the directive stands in, from 1.
  var line: Int

  /// The directives of a text, in order: its lines that begin `// CHECK`.
  static func parse(_ text: String, prefix: String) throws(CheckFailure) -> [Directive] {
    var out: [Directive] = []
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.drop { $0 == " " }
      guard line.hasPrefix("// \(prefix)") else { continue }
      out.append(try Directive(String(line.dropFirst(3)), prefix: prefix, line: index + 1))
    }
    return out
  }

  private init(_ text: String, prefix: String, line: Int) throws(CheckFailure) {
    self.line = line
    guard let colon = text.firstIndex(of: ":") else {
      throw CheckFailure(line: line, problem: "expected `:` after `\(prefix)`")
    }
    name = String(text[..<colon])
    pattern = text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    switch name.dropFirst(prefix.count) {
    case "": kind = .plain
    case "-NEXT": kind = .next
    case "-NOT": kind = .not
    case "-LABEL": kind = .label
    case let suffix where suffix.hasPrefix("-COUNT-"):
      guard let count = Int(suffix.dropFirst(7)), count > 0 else {
        throw CheckFailure(line: line, problem: "`\(name)`: expected a count above 0")
      }
      kind = .count(count)
    default: throw CheckFailure(line: line, problem: "unknown directive `\(name)`")
    }
    if pattern.isEmpty { throw CheckFailure(line: line, problem: "`\(name)` has no pattern") }
  }
}
