import ActFormats
import Testing
import Workbench

/// `actrun eval` and `actrun score`.
@Suite struct EvaluationTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func rows(_ arguments: [String]) throws -> [JSON] {
    let outcome = try Tool.actrun.run(arguments + ["--json"])
    #expect(outcome.code == 0, "\(outcome.error)")
    return try outcome.text.split(separator: "\n").map { try JSON(parsing: String($0)) }
  }

  private func interval(_ row: JSON, _ name: String) throws -> [Double] {
    try #require(row[name + "_interval"]?.array).compactMap(\.double)
  }

  private func eval(_ plan: String, _ more: String...) -> [String] {
    ["eval", plan, "--prompts", workshop.source, "-n", "8", "--temp", "1.5"] + more
  }

  /// A plan without dials is a baseline, and its figures are those of strength 0.
  @Test func aBarePlanNeedsNoSteering() throws {
    let more = ["--samples", "3", "--held-out", workshop.target]
    let bare = try rows(eval(workshop.plan) + more)
    let steered = try rows(eval(workshop.steered) + more + ["--steer", "m=0:1:1"])
    #expect(bare.count == 1 && steered.count == 2)
    #expect(bare[0]["strengths"] == .object([]))
    for name in ["continuation_perplexity", "distinct_pairs", "held_out_perplexity", "tokens_per_text"] {
      #expect(bare[0][name] == steered[0][name] && bare[0][name]?.double != nil, "\(name)")
      #expect(bare[0][name + "_interval"] == steered[0][name + "_interval"])
      let interval = try interval(bare[0], name)
      let value = try #require(bare[0][name]?.double)
      #expect(interval.count == 2 && interval[0] <= value && value <= interval[1], "\(name)")
    }
    #expect(steered[0]["held_out_perplexity"] != steered[1]["held_out_perplexity"])
    #expect(bare[0]["concept_share"] == nil)
    #expect(bare[0]["prompts"]?.int == 4 && bare[0]["texts"]?.int == 12)
    // The change at strength 1 is that of the two perplexities.
    func perplexity(_ row: Int) throws -> Double { try #require(steered[row]["held_out_perplexity"]?.double) }
    let change = try #require(steered[1]["held_out_change"]?.double)
    #expect(abs(change - (try perplexity(1) / perplexity(0) - 1)) < 1e-9)
    #expect(try interval(steered[1], "held_out_change").count == 2)
  }

  /// Generating, then measuring, then measuring what is there: one set of figures.
  @Test func existingGenerationsGiveTheSameFigures() throws {
    let output = directory.file("out.jsonl")
    let words = try directory.write("a\ne\n", to: "words.txt")
    let sweep = ["--samples", "2", "--steer", "m=0:1:0.5"]
    let concept = ["--concept", words]
    let direct = try rows(eval(workshop.steered) + sweep + concept)
    let recorded = try rows(eval(workshop.steered) + sweep + concept + ["-o", output])
    let bytes = try directory.read("out.jsonl")
    let resumed = try rows(eval(workshop.steered) + sweep + concept + ["-o", output])
    let read = try rows(["eval", workshop.steered, "--generations", output] + concept)
    #expect(direct == recorded && direct == resumed && direct == read && direct.count == 3)
    #expect(try directory.read("out.jsonl") == bytes)
    try expectRefusal(
      .actrun, ["eval", workshop.plan, "--generations", output], 3,
      "line 1: written with another plan: plan.sha256")
    let table = try Tool.actrun.run(
      ["eval", workshop.steered, "--generations", output, "--report", directory.file("r")] + concept)
    #expect(table.text.hasPrefix("| m   | concept"))
    #expect(table.text.contains("8 texts of 4 prompts at each strength."))
    #expect(try directory.read("r").split(separator: 10).map { try JSON(parsing: Array($0)) } == read)
  }

  /// The share of texts with a word: those of `--generations` that have it.
  @Test func conceptShares() throws {
    let output = directory.file("out.jsonl")
    _ = try rows(eval(workshop.steered) + ["--samples", "4", "-o", output])
    let lines = try directory.read("out.jsonl").split(separator: 10).map { try JSON(parsing: Array($0)) }
    let texts = lines.compactMap { $0["text"]?.string }
    let words = texts.flatMap { $0.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") } }
    let word = try #require(words.first)
    let path = try directory.write("\(word)\n", to: "words.txt")
    let row = try rows(["eval", workshop.steered, "--generations", output, "--concept", path])[0]
    let count = texts.count { text in
      text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") }.contains(word)
    }
    #expect(row["concept_share"]?.double == Double(count) / 16)
  }

  /// The plan itself as the judge finds the same, but for texts whose tokens it would cut in another way.
  @Test func anotherPlanMayJudge() throws {
    let own = try rows(eval(workshop.steered, "--steer", "m=1", "--temp", "0"))
    let judged = try rows(eval(workshop.steered, "--steer", "m=1", "--temp", "0", "--judge", workshop.plan))
    let other = directory.file("other.plan")
    try #require(try Tool.actc.run("compile", workshop.other, "-o", other).code == 0)
    let others = try rows(eval(workshop.steered, "--steer", "m=1", "--temp", "0", "--judge", other))
    #expect(judged[0]["continuation_perplexity"]?.double != nil)
    #expect(own[0]["distinct_pairs"] == others[0]["distinct_pairs"])
    #expect(judged[0]["continuation_perplexity"] != others[0]["continuation_perplexity"])
  }

  @Test func aRunThatIsUnfinishedIsToldOf() throws {
    let output = directory.file("out.jsonl")
    _ = try rows(eval(workshop.steered) + ["--steer", "m=0:1:1", "-o", output])
    let lines = try directory.read("out.jsonl").split(separator: 10)
    let cut = try directory.write(Array(lines.dropLast().joined(separator: [10])) + [10], to: "cut.jsonl")
    let outcome = try Tool.actrun.run("eval", workshop.steered, "--generations", cut)
    #expect(
      outcome.code == 0 && outcome.error.contains("some strengths have 3 texts and others 4"),
      "\(outcome.error)")
  }

  /// A place that cannot be written is found before anything is generated.
  @Test func reportsThatCannotBeWritten() throws {
    let output = directory.file("out.jsonl")
    try expectRefusal(
      .actrun, eval(workshop.plan, "--report", directory.file("absent/r"), "-o", output), 3,
      "absent/r: cannot create")
    #expect(directory.contents.isEmpty)
  }

  // MARK: Scores

  @Test func scoresOverStrengths() throws {
    let sweep = try rows(["score", workshop.steered, workshop.target, "--steer", "m=0:1:0.5"])
    #expect(sweep.count == 3)
    for (index, strength) in ["0", "0.5", "1"].enumerated() {
      let single = try rows(["score", workshop.steered, workshop.target, "--steer", "m=\(strength)"])[0]
      for name in ["perplexity", "perplexity_interval", "tokens", "log_likelihood", "texts"] {
        #expect(single[name] == sweep[index][name] && single[name] != nil, "\(name)")
      }
    }
    let table = try Tool.actrun.run("score", workshop.steered, workshop.target, "--steer", "m=0:1:0.5")
    #expect(table.text.hasPrefix("| m   | perplexity") && table.text.contains("| change"), "\(table.text)")
    let lines = try Tool.actrun.run("score", workshop.plan, workshop.target).text.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines.last?.hasPrefix("perplexity ") == true)
    #expect(lines.last?.contains(" of 4 texts, 95 % interval [") == true)
  }

  /// The prompt is read and not scored: log p(text | prompt) = log p(prompt text) - log p(prompt).
  @Test func conditionalPerplexity() throws {
    let pairs = [("the cat", "sat down"), ("a dog", "ran off"), ("it", "rains")]
    let records = try directory.write(
      pairs.map { #"{"q":"\#($0)","a":{"text":"\#($1)"},"n":\#($0.utf8.count)}"# + "\n" }.joined(),
      to: "r.jsonl")
    let whole = try directory.write(pairs.map { "\($0) \($1)\n" }.joined(), to: "whole.txt")
    let prompts = try directory.write(pairs.map { "\($0.0)\n" }.joined(), to: "prompts.txt")
    func texts(_ arguments: String...) throws -> [JSON] {
      try #require(rows(["score", workshop.steered, "--steer", "m=0.5"] + arguments)[0]["texts"]?.array)
    }
    func values(_ texts: [JSON]) -> [Double] { texts.compactMap { $0["log_likelihood"]?.double } }
    let conditional = try texts(records, "--prompt-field", "q", "--field", "a.text")
    let differences = try zip(values(texts(whole)), values(texts(prompts))).map { $0 - $1 }
    for (value, expected) in zip(values(conditional), differences) { #expect(abs(value - expected) < 1e-4) }
    #expect(conditional.compactMap { $0["tokens"]?.int } == pairs.map { $0.1.utf8.count + 1 })
    let some = try texts(
      records, "--prompt-field", "q", "--field", "a.text", "--filter", "n>=5", "--limit", "1")
    #expect(some == Array(conditional.prefix(1)))
  }

  /// A scope that leaves nothing to measure is said, not a number that looks like one.
  @Test func whatAScopeLeavesUnmeasured() throws {
    let map = directory.file("g.maps.safetensors")
    var file = try EditableSafetensors(workshop.map)
    try file.set("__metadata__", "token_scope", .string("generated"))
    try directory.write(file.bytes, to: "g.maps.safetensors")
    let plan = directory.file("g.plan")
    let compiled = try Tool.actc.run(
      "compile", workshop.model, "--maps", "g=\(map)", "--maps", "m=\(workshop.map)", "-o", plan)
    try #require(compiled.code == 0, "\(compiled.error)")
    let table = try Tool.actrun.run("score", plan, workshop.target, "--steer", "g=0:1:0.5")
    #expect(table.code == 0, "\(table.error)")
    #expect(table.text.occurrences(of: "not measured: scope `generated`") == 2, "\(table.text)")
    #expect(table.errorLines.count == 1 && table.error.contains("`g` is not measured"), "\(table.error)")
    let single = try Tool.actrun.run("score", plan, workshop.target, "--steer", "g=1")
    #expect(single.text == "perplexity not measured\n" && single.error.contains("--prompt-field"))
    let both = try rows(["score", plan, workshop.target, "--steer", "g=1,m=1"])[0]
    #expect(both["perplexity"]?.double != nil && both["not_measured"] == .array([.string("g")]))
    let records = try directory.write(#"{"prompt":"a","response":"bcd"}"# + "\n", to: "r.jsonl")
    let conditional = try rows(["score", plan, records, "--prompt-field", "prompt", "--steer", "g=0:1:1"])
    #expect(conditional[1]["perplexity"]?.double != conditional[0]["perplexity"]?.double)
    #expect(conditional[1]["not_measured"] == .array([]))
    let evaluated = try rows(eval(plan, "--held-out", workshop.target, "--steer", "g=1"))[0]
    #expect(evaluated["held_out_perplexity"] == .null)
    #expect(evaluated["held_out_not_measured"] == .array([.string("g")]))
    #expect(evaluated["continuation_perplexity"]?.double != nil)
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func occurrences(of text: String) -> Int { ranges(of: text).count }
}
