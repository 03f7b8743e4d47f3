/// A check that does not hold, or that is malformed.
package struct CheckFailure: Error, Hashable, CustomStringConvertible {
  /// The line of the checks, from 1.
  package var line: Int
  /// What was wrong, over several lines where the output is quoted.
  package var problem: String

  package var description: String { "line \(line): \(problem)" }
}

/// Checks `output` against the `// CHECK` lines of `checks`, in the manner of LLVM's FileCheck; returns how many there
/// are.
///
/// Directives: `CHECK`, `CHECK-NEXT`, `CHECK-NOT`, `CHECK-LABEL`, `CHECK-COUNT-n`. A directive matches within one line,
/// and the next one looks at the lines after it. Patterns are literal but for `{{regex}}`, `[[NAME:regex]]`, which
/// captures, and `[[NAME]]`, which stands for what was captured. Labels are found first; the directives between two
/// labels see the lines between them only.
/// - Throws: the first ``CheckFailure``.
@discardableResult
package func fileCheck(
  _ output: String, against checks: String, prefix: String = "CHECK"
) throws(CheckFailure) -> Int {
  let directives = try Directive.parse(checks, prefix: prefix)
  var matcher = Matcher(
    lines: output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  var labels: [Int] = []
  for label in directives where label.kind == .label {
    labels.append(try matcher.find(label, from: labels.last.map { $0 + 1 } ?? 0))
  }
  var block = 0
  matcher.enter(0..<(labels.first ?? matcher.lines.count))
  for directive in directives {
    if directive.kind == .label {
      try matcher.leave()
      block += 1
      matcher.enter(labels[block - 1]..<(block < labels.count ? labels[block] : matcher.lines.count))
    }
    try matcher.check(directive)
  }
  try matcher.leave()
  return directives.count
}

/// Where the matching stands.
private struct Matcher {
  let lines: [String]
  /// The lines of the block that the next directive may match.
  private var rest = 0..<0
  private var hasMatch = false
  private var captured: [String: String] = [:]
  /// Directives that forbid lines from here to the next match.
  private var forbidden: [Directive] = []

  init(lines: [String]) { self.lines = lines }

  /// The first line from `start` on that a label matches.
  func find(_ label: Directive, from start: Int) throws(CheckFailure) -> Int {
    guard let hit = try first(label, in: start..<lines.count) else {
      throw try mismatch(label, in: start..<lines.count)
    }
    return hit.line
  }

  mutating func enter(_ block: Range<Int>) {
    rest = block
    hasMatch = false
  }

  /// Checks what is forbidden up to the end of the block.
  mutating func leave() throws(CheckFailure) { try checkForbidden(upTo: rest.upperBound) }

  mutating func check(_ directive: Directive) throws(CheckFailure) {
    switch directive.kind {
    case .not: forbidden.append(directive)
    case .next:
      guard hasMatch else {
        throw CheckFailure(line: directive.line, problem: "\(directive.name) needs a match before it")
      }
      try match(directive, in: rest.prefix(1))
    case .plain, .label: try match(directive, in: rest)
    case .count(let count):
      for done in 0..<count {
        do { try match(directive, in: rest) } catch {
          throw CheckFailure(
            line: error.line, problem: "\(error.problem)\n  after \(done) of \(count) matches")
        }
      }
    }
  }

  private mutating func match(_ directive: Directive, in range: Range<Int>) throws(CheckFailure) {
    guard let hit = try first(directive, in: range) else { throw try mismatch(directive, in: rest) }
    try checkForbidden(upTo: hit.line)
    captured.merge(hit.captures) { $1 }
    rest = hit.line + 1..<rest.upperBound
    hasMatch = true
  }

  private func first(
    _ directive: Directive, in range: Range<Int>
  ) throws(CheckFailure) -> (line: Int, captures: [String: String])? {
    let pattern = try Pattern(directive, captured: captured)
    for line in range { if let captures = pattern.captures(in: lines[line]) { return (line, captures) } }
    return nil
  }

  private mutating func checkForbidden(upTo bound: Int) throws(CheckFailure) {
    for directive in forbidden {
      guard let hit = try first(directive, in: rest.lowerBound..<bound) else { continue }
      throw CheckFailure(
        line: directive.line,
        problem: "\(directive.name): `\(directive.pattern)` is there\n\(quote(hit.line))")
    }
    forbidden = []
  }

  /// Says what stands where `directive` should have matched, and where else it would.
  private func mismatch(_ directive: Directive, in range: Range<Int>) throws(CheckFailure) -> CheckFailure {
    var problem = "\(directive.name): no match for `\(directive.pattern)`"
    let uses = captured.filter { directive.pattern.contains("[[\($0.key)]]") }
    for (name, text) in uses.sorted(by: { $0.key < $1.key }) { problem += "\n  \(name) is `\(text)`" }
    problem += "\n" + (range.isEmpty ? "  the block ends" : quote(range.lowerBound))
    if let other = try first(directive, in: lines.indices) {
      problem += "\n  it would match\n\(quote(other.line))"
    }
    return CheckFailure(line: directive.line, problem: problem)
  }

  private func quote(_ line: Int) -> String { "  output line \(line + 1): \(lines[line])" }
}
