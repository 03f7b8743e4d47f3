import ActFormats
import ActIR
import ActPasses
import Testing
import Workbench

/// What methods ask for and what can be chosen of them, on the command line.
@Suite struct MethodOptionTests {
  private let workshop: Workshop
  private let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func fit(_ method: String, _ others: String...) throws -> [String] {
    [
      "fit", workshop.model, "--method", method, "--sites", "*.0.self_attn.o_proj", "-o",
      directory.file("x.maps.safetensors"),
    ] + others
  }

  private func texts(_ name: String, _ count: Int) throws -> String {
    try directory.write((0..<count).map { "a b \(name) c\($0)\n" }.joined(), to: "\(name)\(count).txt")
  }

  @Test func theFileRecordsWhatWasChosen() throws {
    let data = ["--source", try texts("a", 5), "--target", try texts("b", 5)]
    let outcome = try Tool.actc.run(
      try fit("lowrank-ot", "--option", "rank=2", "--option", "shrinkage=0.25") + data)
    try #require(outcome.code == 0, "\(outcome.error)")
    let map = try MapFile(reading: directory.file("x.maps.safetensors"))
    #expect(map.fit.method.options == ["rank": "2", "shrinkage": "0.25"])
    #expect(map.sites[0].parameters["V"]?.shape == [2, map.sites[0].width])
  }

  @Test(arguments: [
    (["--option", "rnk=2"], "no option `rnk`; there are rank, shrinkage"),
    (["--option", "rank=0"], "rank: expected 1 to 4096, found `0`"),
    (["--option", "rank"], "expected NAME=VALUE, found `rank`"),
    (["--option", "rank=1", "--option", "rank=2"], "`rank` is chosen twice"),
    (["--option", "shrinkage=nan"], "shrinkage: expected 0 to 1, found `nan`"),
  ])
  func wrongChoices(options: [String], words: String) throws {
    let data = ["--source", try texts("a", 2), "--target", try texts("b", 2)]
    try expectRefusal(.actc, try fit("lowrank-ot") + options + data, 2, words)
  }

  @Test func dataThatAMethodCannotTake() throws {
    let (two, three) = (try texts("a", 2), try texts("b", 3))
    try expectRefusal(
      .actc, try fit("caa", "--source", two, "--target", three), 2,
      "caa fits pairs: expected as many source as target samples, found 2 and 3")
    try expectRefusal(
      .actc, try fit("actadd", "--source", two, "--target", two), 2,
      "expected at most 1 source and target samples")
    try expectRefusal(
      .actc, try fit("repe", "--source", two, "--target", two, "--pooling", "all"), 2, "found --pooling all")
  }

  /// Of every method there is a description, by either command, with all of its options.
  @Test func descriptions() throws {
    for method in registeredMethods {
      let outcome = try Tool.actc.run("methods", method.name)
      #expect(outcome.code == 0 && outcome.text.contains(method.summary))
      for option in method.options { #expect(outcome.text.contains("| \(option.name) "), "\(method.name)") }
      #expect(try Tool.actc.run("fit", "--help", method.name).text == outcome.text)
    }
  }
}
