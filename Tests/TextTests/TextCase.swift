import ActIR
import ActPasses

/// One section of a case file: graphs, the passes that run on them and what is expected.
struct TextCase {
  struct ExpectedError {
    var text: String
    /// The line of the file that the message names, where the case says so.
    var line: Int?
  }

  /// The section's text, after as many empty lines as there are lines before it, so that lines are those of the file.
  var text: String
  var firstLine: Int
  /// Names of registered passes, or `pipeline`.
  var passes: [String] = []
  var options = PipelineOptions()
  var isUnchanged = false
  /// Why a second run may change the graph again.
  var notIdempotent: String?
  /// How many nodes run at every step.
  var stepNodes: Int?
  /// How many instructions elementwise nodes and epilogues run at every step.
  var stepInstructions: Int?
  var errors: [ExpectedError] = []
  /// Names of the functions that maps take from the section.
  var maps: [(name: String, function: String, sites: [String])] = []
  /// Scores likewise.
  var scores: [(name: String, function: String, sites: [String])] = []
  var gates: [Gate] = []
}

/// A case file that says something that the harness does not know.
struct MalformedCase: Error, CustomStringConvertible {
  var line: Int
  var problem: String
  var description: String { "line \(line): \(problem)" }
}

extension TextCase {
  /// The sections of a file, between lines `// -----`. One without a `RUN` line takes that of the section before it.
  static func parse(_ text: String) throws -> [TextCase] {
    var sections: [TextCase] = []
    var lines: [Substring] = []
    var firstLine = 1
    let all = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in all.enumerated() {
      let isBreak = line == "// -----"
      if !isBreak { lines.append(line) }
      guard isBreak || index == all.count - 1 else { continue }
      sections.append(try TextCase(lines, firstLine: firstLine, passes: sections.last?.passes ?? []))
      firstLine = index + 2
      lines = []
    }
    return sections
  }

  private init(_ lines: [Substring], firstLine: Int, passes: [String]) throws {
    text = String(repeating: "\n", count: firstLine - 1) + lines.joined(separator: "\n")
    self.firstLine = firstLine
    self.passes = passes
    for (index, line) in lines.enumerated() where line.hasPrefix("// ") {
      try read(line.dropFirst(3), line: firstLine + index)
    }
  }

  private mutating func read(_ directive: Substring, line: Int) throws {
    let key = directive.prefix { $0.isUppercase || $0 == "-" }
    let value = directive.dropFirst(key.count + 1).trimmed
    func failure(_ problem: String) -> MalformedCase { MalformedCase(line: line, problem: problem) }
    if directive.hasPrefix("expected-error") {
      errors.append(try Self.expectedError(directive, line: line))
      return
    }
    // Anything else is prose.
    guard key == "UNCHANGED" || directive.dropFirst(key.count).hasPrefix(":"), key.count > 1 else { return }
    switch key {
    case "RUN": passes = value.split(separator: ",").map { String($0.trimmed) }
    case "UNCHANGED": isUnchanged = true
    case "NOT-IDEMPOTENT":
      guard !value.isEmpty else { throw failure("expected a reason after NOT-IDEMPOTENT") }
      notIdempotent = String(value)
    case "STEP-NODES":
      guard let count = Int(value) else { throw failure("expected a number of nodes") }
      stepNodes = count
    case "STEP-INSTRUCTIONS":
      guard let count = Int(value) else { throw failure("expected a number of instructions") }
      stepInstructions = count
    case "WEIGHTS":
      guard let weights = WeightType(rawValue: String(value)) else {
        throw failure("unknown weight type `\(value)`")
      }
      options.weights = weights
    case "FREEZE":
      let parts = value.split(separator: "=").map(\.trimmed)
      guard parts.count == 2, let strength = Float(parts[1]) else {
        throw failure("expected `name = strength`")
      }
      options.frozen[String(parts[0])] = strength
    case "MAP", "SCORE":
      guard let match = value.wholeMatch(of: /(\S+) = @(\S+) at(.*)/) else {
        throw failure("expected `name = @function at site, site`")
      }
      let sites = match.3.split(separator: ",").map { String($0.trimmed) }
      let found = (name: String(match.1), function: String(match.2), sites: sites)
      if key == "MAP" { maps.append(found) } else { scores.append(found) }
    case "GATE":
      guard let match = value.wholeMatch(of: /(\S+) by (\S+)/) else {
        throw failure("expected `map by score`")
      }
      gates.append(Gate(map: String(match.1), score: String(match.2)))
    case _ where key.hasPrefix("CHECK"): break
    default: throw failure("unknown directive `\(key)`")
    }
  }

  private static func expectedError(_ directive: Substring, line: Int) throws -> ExpectedError {
    guard let match = directive.wholeMatch(of: /expected-error(?:@([+-]?)(\d+))? \{\{(.*)\}\}/) else {
      throw MalformedCase(line: line, problem: "expected `expected-error@+1 {{text}}`")
    }
    let number = match.2.flatMap { Int($0) }
    switch match.1 {
    case "+": return ExpectedError(text: String(match.3), line: number.map { line + $0 })
    case "-": return ExpectedError(text: String(match.3), line: number.map { line - $0 })
    default: return ExpectedError(text: String(match.3), line: number)
    }
  }
}
