import ActFormats
import Testing
import Workbench

/// The check of the demo, `Scripts/check-steering.py`, on reports as `actrun eval --report` writes them.
@Suite struct DemoCheckTests {
  private func check(_ rows: [(share: Double, perplexity: Double)]) throws -> Outcome {
    let directory = try TemporaryDirectory()
    let lines = rows.map { row in
      JSON.object([
        "concept_share": .double(row.share), "continuation_perplexity": .double(row.perplexity),
      ]).description + "\n"
    }
    let report = try directory.write(lines.joined(), to: "eval.jsonl")
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    return try shell("python3 '\(root)/Scripts/check-steering.py' '\(report)' && echo good")
  }

  @Test func steeringThatWorksPasses() throws {
    let outcome = try check([(0.02, 4.5), (0.36, 4.6), (0.84, 5.9)])
    #expect(outcome.text == "good\n" && outcome.error.isEmpty)
  }

  @Test(arguments: [
    [(0.02, 4.5), (0.02, 4.5), (0.02, 4.5)], [(0.02, 4.5), (0.5, 4.6), (0.4, 4.8)],
    [(0.02, 4.5), (0.36, 4.6), (0.84, 12.0)], [(0.84, 4.5)],
  ])
  func steeringThatDoesNotFails(rows: [(Double, Double)]) throws {
    let outcome = try check(rows.map { (share: $0.0, perplexity: $0.1) })
    #expect(outcome.text.isEmpty && !outcome.error.isEmpty)
  }
}
