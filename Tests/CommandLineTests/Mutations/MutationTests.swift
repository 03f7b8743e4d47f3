import ActFormats
import Glibc
import Testing
import Workbench

/// Damaged inputs of every kind: the tools end with a documented code and at most one line of error, soon, in little
/// memory, and leave nothing behind; where they succeed, what they give is finite.
@Suite struct MutationTests {
  /// Inputs of each kind; `ACT_MUTATIONS` takes another number, 5000 for all that was ever run.
  static let count = getenv("ACT_MUTATIONS").flatMap { Int(String(cString: $0)) } ?? 120
  /// The most memory that any of these inputs needs, in bytes.
  static let mostMemory = 512 << 20

  /// The kinds whose names have `ACT_MUTATION_KINDS` in them; all without it.
  static let kinds = MutationKind.all.filter { kind in
    getenv("ACT_MUTATION_KINDS").map { kind.name.contains(String(cString: $0)) } ?? true
  }

  @Test(arguments: kinds)
  func survives(kind: MutationKind) throws {
    let workshop = try Workshop.get()
    let directory = try TemporaryDirectory()
    _ = try writeTokens([1, 2, 3, 4], to: directory)
    try kind.prepare(workshop, directory)
    let before = directory.contents
    var (good, refused) = (0, 0)
    for index in 0..<Self.count {
      var mutator = Mutator(seed: UInt64(index))
      var last: Int32?
      let attempt = { (tool: Tool, arguments: [String]) -> Int32? in
        let outcome = try tool.run(arguments, timeout: .seconds(20))
        last = outcome.code
        for problem in Self.problems(arguments[0], outcome) {
          Issue.record("\(kind.name) \(index): \(problem): \(arguments)\n\(outcome.error.prefix(2000))")
        }
        if outcome.code != 0, let output = arguments.firstIndex(of: "-o").map({ arguments[$0 + 1] }),
          access(output, F_OK) == 0
        {
          Issue.record("\(kind.name) \(index): refused, and left \(output)")
        }
        return outcome.code
      }
      do {
        try withUnsafeMutablePointer(to: &mutator) {
          try kind.run(
            .init(workshop: workshop, directory: directory, mutator: $0, run: attempt))
        }
      } catch {
        Issue.record("\(kind.name) \(index): a good end, and \(error)")
      }
      if last == 0 { good += 1 } else { refused += 1 }
      let left = Set(directory.contents).subtracting(before)
      for name in left {
        // A fit that goes on from nothing keeps what it is given until it ends well.
        let isExpected = name.hasPrefix("x.") || name == "out.safetensors"
        if !isExpected { Issue.record("\(kind.name) \(index): left \(name)") }
        unlink(directory.file(name))
      }
    }
    print("\(kind.name): \(Self.count) inputs, \(good) good, \(refused) refused")
    #expect(refused > 0 || !kind.mayBeRefused, "no damage was noticed")
  }

  /// The most memory that the tests' own process has held so far, in bytes.
  private static var ownPeakBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
  }

  private static func problems(_ command: String, _ outcome: Outcome) -> [String] {
    var problems: [String] = []
    if let signal = outcome.signal { problems.append("signal \(signal)") }
    if let code = outcome.code, !(0...4).contains(code) { problems.append("exit code \(code)") }
    let errors = outcome.errorLines.count { $0.contains(": error: ") }
    if errors > 1 || outcome.code != 0 && errors == 0 { problems.append("\(errors) lines of error") }
    if outcome.error.unicodeScalars.contains(where: { $0.isControl && $0 != "\n" && $0 != "\t" }) {
      problems.append("control characters")
    }
    if outcome.errorLines.contains(where: { $0.unicodeScalars.count > 1600 }) {
      problems.append("a long line")
    }
    // A process's peak begins with that of the one that started it, so the bound is strict where these tests run alone.
    if outcome.peakBytes > max(mostMemory, ownPeakBytes) { problems.append("\(outcome.peakBytes >> 20) MiB") }
    // Other commands show texts of the input, in which such a word may stand.
    if command == "score", outcome.code == 0, outcome.text.contains(/\b(nan|inf)\b/) {
      problems.append("not a number")
    }
    return problems
  }
}
