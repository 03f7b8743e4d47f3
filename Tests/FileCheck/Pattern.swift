/// A pattern of one directive, with earlier captures put in: literal text with `{{regex}}`, `[[NAME:regex]]` and
/// `[[NAME]]` in it. A space stands for any run of blanks.
struct Pattern {
  /// The source of a regular expression.
  private(set) var source = ""
  /// The names that the expression's groups capture, in order.
  private var names: [String] = []

  init(_ directive: Directive, captured: [String: String]) throws(CheckFailure) {
    func failure(_ problem: String) -> CheckFailure {
      CheckFailure(line: directive.line, problem: "\(directive.name): \(problem) in `\(directive.pattern)`")
    }
    var rest = directive.pattern[...]
    while !rest.isEmpty {
      if rest.hasPrefix("{{") {
        guard let body = rest.takeBody(closing: "}}") else { throw failure("unclosed `{{`") }
        source += "(?:\(body))"
      } else if rest.hasPrefix("[[") {
        guard let body = rest.takeBody(closing: "]]") else { throw failure("unclosed `[[`") }
        let name = String(body.prefix { $0 != ":" })
        if name.count < body.count {
          names.append(name)
          source += "(\(body.dropFirst(name.count + 1)))"
        } else if let group = names.firstIndex(of: name) {
          source += "(?:\\\(group + 1))"
        } else if let text = captured[name] {
          source += text.map(Self.escape).joined()
        } else {
          throw failure("`\(name)` was never captured")
        }
      } else {
        source += Self.escape(rest.removeFirst())
      }
    }
    guard (try? Regex(source)) != nil else { throw failure("malformed regular expression") }
  }

  private static func escape(_ character: Character) -> String {
    if character == " " { return "[ \\t]+" }
    return character.isASCII && !character.isLetter && !character.isNumber
      ? "\\\(character)" : String(character)
  }

  /// What the names capture in `line`, or nil where it does not match.
  func captures(in line: String) -> [String: String]? {
    guard let match = try? Regex(source).firstMatch(in: line) else { return nil }
    var out: [String: String] = [:]
    for (group, name) in names.enumerated() { out[name] = match.output[group + 1].substring.map(String.init) }
    return out
  }
}

extension Substring {
  /// Removes a two-character opening, a body and its closing; returns the body, or nil where nothing closes it.
  fileprivate mutating func takeBody(closing: String) -> Substring? {
    guard var end = firstRange(of: closing) else { return nil }
    // `[[W:[a-z]]]`: the last of several brackets closes.
    while closing == "]]", end.upperBound < endIndex, self[end.upperBound] == "]" {
      end = index(after: end.lowerBound)..<index(after: end.upperBound)
    }
    let body = self[..<end.lowerBound].dropFirst(2)
    self = self[end.upperBound...]
    return body
  }
}
