import ActFormats
import Glibc
import Testing
import Workbench

/// `actrun generate` over the prompts of a file.
@Suite struct GenerateTests {
  let workshop: Workshop
  let directory: TemporaryDirectory
  let prompts: String

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
    let lines = (0..<12).map { index in
      #"{"prompt":{"text":"prompt \#(index)","toxicity":\#(Double(index) / 10)},"response":"yes"}"# + "\n"
    }
    prompts = try directory.write(lines.joined(), to: "prompts.jsonl")
  }

  private func arguments(_ more: String...) -> [String] {
    ["generate", workshop.steered, "--prompts", prompts, "--field", "prompt.text", "--temp", "1.5"] + more
  }

  /// The JSON lines of a run, in the order of strengths, prompts and samples.
  private func lines(_ bytes: [UInt8]) throws -> [JSON] {
    let lines = try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
      try JSON(parsing: String($0))
    }
    func order(_ line: JSON) -> [Double] {
      [
        line["strengths"]?["m"]?.double ?? 0, line["prompt_index"]?.double ?? -1,
        line["sample"]?.double ?? -1,
      ]
    }
    return lines.sorted { order($0).lexicographicallyPrecedes(order($1)) }
  }

  @Test func linesHoldAllThatMadeThem() throws {
    let outcome = try Tool.actrun.run(
      arguments(
        "--filter", "prompt.toxicity>=0.2", "--limit", "3", "--samples", "2", "--steer", "m=0:1:1", "-n", "5",
        "--seed", "9", "--top-k", "11"))
    #expect(outcome.code == 0, "\(outcome.error)")
    let lines = try lines(outcome.output)
    #expect(lines.map { $0["prompt"]?.string } == (0..<12).map { "prompt \(2 + $0 / 2 % 3)" })
    #expect(lines.map { $0["line"]?.int } == (0..<12).map { 3 + $0 / 2 % 3 })
    #expect(lines.map { $0["sample"]?.int } == (0..<12).map { $0 % 2 })
    #expect(Set(lines.compactMap { $0["seed"]?.double }).count == 6)
    for line in lines {
      #expect(line["tokens"]?.array?.count == 5 && line["finish"]?.string == "length")
      #expect(line["prompt_tokens"]?.int == 8)
      let sampling = try #require(line["sampling"])
      #expect(sampling["seed"]?.int == 9 && sampling["top_k"]?.int == 11 && sampling["max_tokens"]?.int == 5)
      #expect(sampling["temperature"]?.double == 1.5)
      let plan = try #require(line["plan"])
      #expect(plan["sha256"]?.string == (try SHA256.hex(ofFile: workshop.steered)))
      #expect(plan["maps"]?.array?.first?["sha256"]?.string == (try SHA256.hex(ofFile: workshop.map)))
      #expect(plan["maps"]?.array?.first?["name"]?.string == "m")
      #expect(plan["model"]?.string?.count == 64)
    }
  }

  /// Each line's own seed makes its text again, alone.
  @Test func aTextDependsOnItselfAlone() throws {
    let many = try Tool.actrun.run(arguments("--steer", "m=0:1:0.5", "--samples", "3", "-n", "12"))
    let few = try Tool.actrun.run(
      arguments("--steer", "m=0:1:0.5", "--samples", "3", "-n", "12", "--sequences", "2", "--threads", "1"))
    let all = try lines(many.output)
    #expect(all.count == 108)
    #expect(try lines(few.output) == all)
    for line in [all[0], all[40], all[107]] {
      guard case .number(let seed)? = line["seed"], let prompt = line["prompt"]?.string else { continue }
      let alone = try Tool.actrun.run(
        "generate", workshop.steered, "-p", prompt, "--seed", seed, "--temp", "1.5", "-n", "12", "--json",
        "--steer", "m=\(line["strengths"]?["m"]?.double ?? -1)")
      #expect(try JSON(parsing: alone.output)["tokens"] == line["tokens"])
    }
  }

  /// Kills at random moments; the file ends up with the texts of a run that nothing disturbed.
  @Test(.timeLimit(.minutes(2))) func aKilledRunGoesOn() throws {
    let many = arguments("--steer", "m=0:1:0.5", "--samples", "4", "-n", "150", "--sequences", "3")
    let started = ContinuousClock.now
    let whole = try Tool.actrun.run(many)
    let time = ContinuousClock.now - started
    let expected = try lines(whole.output)
    #expect(expected.count == 144)
    let output = directory.file("out.jsonl")
    var random = SplitMix64(state: 4)
    var (kills, resumptions) = (0, 0)
    while kills < 8 {
      let child = try Tool.actrun.start(many + ["-o", output])
      usleep(UInt32((time * Double.random(in: 0.05...0.3, using: &random)) / .microseconds(1)))
      kill(child.process, SIGKILL)
      let outcome = try child.wait(.seconds(60))
      if outcome.error.contains("of 144 texts are there") { resumptions += 1 }
      if outcome.signal != SIGKILL { break }
      kills += 1
    }
    #expect(resumptions >= 2)
    let last = try Tool.actrun.run(many + ["-o", output])
    #expect(last.code == 0 && last.output.isEmpty, "\(last.error)")
    #expect(try lines(directory.read("out.jsonl")) == expected)
    // All is there: nothing is generated, and nothing changes.
    let bytes = try directory.read("out.jsonl")
    let again = try Tool.actrun.run(many + ["-o", output])
    #expect(again.errorLines == ["\(output): 144 of 144 texts are there"])
    #expect(try directory.read("out.jsonl") == bytes)
  }

  @Test func refusesAFileOfOtherSettings() throws {
    let output = directory.file("out.jsonl")
    #expect(try Tool.actrun.run(arguments("-n", "3", "-o", output)).code == 0)
    let bytes = try directory.read("out.jsonl")
    for (more, words) in [
      (["-n", "4"], "sampling.max_tokens: expected 4, found 3"),
      (["-n", "3", "--seed", "1"], "sampling.seed: expected 1, found 0"),
      (["-n", "3", "--limit", "5", "--shuffle", "2"], "line 1: continues another prompt"),
    ] {
      let run = arguments("-o", output) + more
      let outcome = try Tool.actrun.run(run)
      #expect(outcome.code == 3 && outcome.error.contains(words), "\(outcome.error)")
    }
    let bare = try Tool.actrun.run(
      [
        "generate", workshop.plan, "--prompts", prompts, "--field", "prompt.text", "--temp", "1.5", "-n", "3",
        "-o", output,
      ])
    #expect(bare.code == 3 && bare.error.contains("plan.sha256: expected"), "\(bare.error)")
    #expect(try directory.read("out.jsonl") == bytes)
    // More strengths and samples of the same run are added.
    let more = try Tool.actrun.run(arguments("-n", "3", "-o", output, "--samples", "2", "--steer", "m=1"))
    #expect(more.code == 0, "\(more.error)")
    #expect(try lines(directory.read("out.jsonl")).count == 36)
  }

  @Test func failuresLeaveNothing() throws {
    let output = directory.file("out.jsonl")
    for (more, code) in [(["--steer", "absent=1"], 2), (["--field", "absent"], 3), (["-n", "505"], 3)] {
      #expect(try Tool.actrun.run(arguments("-o", output) + more).code == Int32(code))
    }
    #expect(directory.contents == ["prompts.jsonl"])
    // A prompt file is no place for generations.
    let own = try Tool.actrun.run(arguments("-o", prompts))
    #expect(own.code == 3 && own.error.contains("line 1"), "\(own.error)")
  }

  /// A reader that leaves ends the run quietly; lines come before the run is over.
  @Test func linesComeOneByOne() throws {
    let command = arguments("-n", "400", "--samples", "50", "--sequences", "1").map { "'\($0)'" }.joined(
      separator: " ")
    let started = ContinuousClock.now
    let outcome = try shell("'\(Tool.actrun.path)' \(command) | head -1")
    #expect(outcome.text.split(separator: "\n").count == 1 && outcome.error.isEmpty, "\(outcome.error)")
    let first = ContinuousClock.now - started
    #expect(first < .seconds(20))
    #expect(try JSON(parsing: outcome.output)["prompt_index"]?.int == 0)
  }

  @Test func severalTextsOfOnePromptAreToldApart() throws {
    let outcome = try Tool.actrun.run(
      "generate", workshop.steered, "-p", "abc", "-n", "3", "--steer", "m=0:1:1", "--samples", "2")
    #expect(outcome.code == 0, "\(outcome.error)")
    let heads = outcome.text.split(separator: "\n").filter { $0.hasPrefix("--- ") }
    #expect(
      heads == [
        "--- m=0, sample 1", "--- m=0, sample 2", "--- m=1, sample 1", "--- m=1, sample 2",
      ])
    #expect(outcome.output.starts(with: Array("--- m=0, sample 1\nabc".utf8)))
  }

  @Test func repeatedSteeringJoins() throws {
    let plan = directory.file("two.plan")
    let compiled = try Tool.actc.run(
      "compile", workshop.model, "--maps", "a=\(workshop.map)", "--maps", "b=\(workshop.map)", "-o", plan)
    try #require(compiled.code == 0, "\(compiled.error)")
    let tokens = try [["a=1,b=0.5"], ["a=1", "b=0.5"], ["b=0.5", "a=1"], ["a=1"], ["b=0.5"]].map {
      expressions in
      let outcome = try Tool.actrun.run(
        ["generate", plan, "-p", "abcdef", "-n", "20", "--temp", "0", "--json"]
          + expressions.flatMap { ["--steer", $0] })
      return try JSON(parsing: outcome.output)["tokens"]
    }
    #expect(tokens[0] == tokens[1] && tokens[0] == tokens[2])
    #expect(tokens[0] != tokens[3] && tokens[0] != tokens[4])
  }
}
