import ActFormats
import Testing

@Suite struct UsageTests {
  static let compilerCommands = [
    "import", "fit", "collect", "solve", "search", "compile", "opt", "show", "sites", "methods", "new-method",
    "passes",
  ]
  static let runtimeCommands = ["generate", "run", "score", "eval", "bench"]
  static let commands: [(Tool, String)] =
    compilerCommands.map { (Tool.actc, $0) } + runtimeCommands.map { (Tool.actrun, $0) }

  @Test(arguments: commands)
  func helpIsAResult(tool: Tool, command: String) throws {
    let outcome = try tool.run([command, "--help"])
    #expect(outcome.code == 0)
    #expect(outcome.text.contains("USAGE: \(tool) \(command)"))
    #expect(outcome.error.isEmpty)
  }

  @Test(arguments: [Tool.actc, .actrun])
  func withoutArgumentsPrintsHelp(tool: Tool) throws {
    let outcome = try tool.run([])
    #expect(outcome.code == 0)
    #expect(outcome.text.contains("SUBCOMMANDS:"))
    #expect(outcome.error.isEmpty)
  }

  @Test(arguments: [Tool.actc, .actrun])
  func printsItsVersion(tool: Tool) throws {
    let outcome = try tool.run(["--version"])
    #expect(outcome.code == 0)
    #expect(outcome.text.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(outcome.text)")
    #expect(outcome.error.isEmpty)
  }

  @Test(arguments: commands)
  func unknownOptionsAreErrors(tool: Tool, command: String) throws {
    let required: [String: [String]] = [
      "import": ["x", "-o", "y"], "fit": ["x", "--source", "a", "--target", "b", "-o", "y"],
      "collect": ["x", "--source", "a", "--target", "b", "--shard", "1/1", "-o", "y"],
      "solve": ["x", "-o", "y"], "new-method": ["x"],
      "search": ["x", "--source", "a", "--target", "b", "--held-out", "c"],
      "compile": ["x", "-o", "y"],
      "opt": ["x"], "show": ["x"], "sites": ["x"], "generate": ["x", "-p", "y"],
      "run": ["x", "--input", "y", "-o", "z"],
      "score": ["x", "y"], "eval": ["x", "--prompts", "y", "--concept", "z", "--steer", "m=0"],
      "bench": ["x"],
    ]
    try expectRefusal(
      tool, [command] + (required[command] ?? []) + ["--no-such-option"], 2, "--no-such-option",
      "see `\(tool) \(command) --help`")
  }

  private static let fit = ["fit", "M", "--source", "a", "--target", "b", "-o", "x"]
  private static let search = ["search", "M", "--source", "a", "--target", "b", "--held-out", "c"]

  @Test(arguments: [
    (Tool.actc, ["no-such-command"], "no-such-command"), (.actrun, ["no-such-command"], "no-such-command"),
    (.actc, ["import"], "<file>"), (.actc, ["import", "x.gguf"], "--output"),
    (.actc, ["fit", "M"], "--source"),
    (.actc, ["collect", "M"], "--source"), (.actc, ["solve"], "<shards>"),
    (.actc, ["search", "M", "--source", "a", "--target", "b"], "--held-out"),
    (.actc, ["compile"], "<model>"), (.actc, ["compile", "M"], "--output"), (.actc, ["opt"], "<file>"),
    (.actc, ["show"], "<files>"), (.actc, ["sites"], "<model>"),
    (.actrun, ["generate", "P"], "--prompt or --prompts"),
    (.actrun, ["run", "P"], "--input"),
    (.actrun, ["run", "P", "--input", "x"], "give -o, --expected, or both"),
    (.actrun, ["score", "P"], "<file>"), (.actrun, ["eval", "P"], "--prompts"),
    (.actrun, ["bench"], "<plan>"),
    (.actc, ["import", "x", "-o", "y", "--dtype", "q3"], "one of 'stored', 'f32', 'bf16' or 'f16'"),
    (.actc, ["compile", "M", "-o", "x", "--weights", "q9"], "one of 'f32', 'bf16', 'q8' or 'q4'"),
    (.actc, ["compile", "M", "-o", "x", "--kv", "q8"], "one of 'bf16' and 'f32'; see"),
    (.actc, ["compile", "M", "-o", "x", "--rows", "0"], "--rows: expected 1 to 65536"),
    (.actc, ["compile", "M", "-o", "x", "--freeze", "m"], "expected NAME=STRENGTH, found `m`"),
    (.actc, ["compile", "M", "-o", "x", "--freeze", "m=inf"], "expected NAME=STRENGTH, found `m=inf`"),
    (.actc, ["compile", "M", "-o", "x", "--freeze", "m=1", "--freeze", "m=0"], "`m` given twice"),
    (.actc, ["compile", "M", "-o", "x", "--bisect", "-1"], "bisect"),
    (.actc, ["compile", "M", "-o", "x", "--bisect=-1"], "--bisect: expected 0 or more"),
    (.actc, ["compile", "M", "-o", "x", "--print-after", "nothing"], "no pass `nothing`"),
    (.actc, ["compile", "M", "-o", "x", "--stop-after", "dead-code,dead-code"], "expected one pass"),
    (.actc, fit + ["--threads", "0"], "--threads: expected 1 to 1024"),
    (.actc, fit + ["--weights", "q9"], "one of 'f32', 'bf16', 'q8' or 'q4'"),
    (.actc, fit + ["--pooling", "sum"], "one of 'mean', 'last', 'min', 'max' or 'all'"),
    (.actc, search + ["--parts", "0"], "--parts: expected 1 to 1000, found 0"),
    (.actc, search + ["--strength", "nan"], "--strength: expected a number"),
    (.actrun, ["bench", "P", "-p", "9223372036854775807"], "-p takes 1 or more"),
    (.actrun, ["bench", "P", "--until", "narrow", "--steer", "m=1"], "'narrow' is invalid"),
    (.actrun, ["bench", "P", "--until", "1%"], "--until: expected --steer"),
    (.actrun, ["bench", "P", "--steer", "m=0:1:1"], "--steer: expected one strength"),
    (
      .actrun, ["run", "P", "--input", "x", "-o", "y", "--steer", "m=0:1:1"], "--steer: expected one strength"
    ),
    (.actrun, ["run", "P", "--input", "x", "-o", "y", "--json"], "--json: expected --expected"),
    (.actrun, ["generate", "P", "-p", "x", "--prompts", "y"], "one of them"),
    (.actrun, ["generate", "P", "-p", "x", "--limit", "3"], "--limit: expected --prompts"),
    (.actrun, ["generate", "P", "--prompts", "x", "--samples", "0"], "--samples: expected 1 to 1000000"),
    (.actrun, ["generate", "P", "--prompts", "x", "--filter", "a>"], "--filter 'a>'"),
    (.actrun, ["eval", "P", "--generations", "x", "--steer", "m=1"], "--steer: expected --prompts"),
    (.actrun, ["eval", "P", "--generations", "x", "--temp", "1"], "--temp: expected --prompts"),
    (.actrun, ["eval", "P", "--generations", "x", "-n", "3"], "--tokens: expected --prompts"),
    (.actrun, ["eval", "P", "--prompts", "x", "--held-out-limit", "3"], "--held-out: expected a file"),
    (.actrun, ["score", "P", "x", "--limit", "0"], "--limit: expected 1 or more"),
    (.actrun, ["generate", "P", "-p", "x", "-n", "0"], "-n: expected 1 or more"),
    (.actrun, ["generate", "P", "-p", "x", "--temp", "nan"], "--temp"),
    (.actrun, ["generate", "P", "-p", "x", "--top-p", "0"], "--top-p"),
    (.actrun, ["generate", "P", "-p", "x", "--threads", "0"], "--threads: expected 1 to 1024"),
    (.actrun, ["run", "P", "--input", "x", "-o", "y", "--nmse", "nan"], "--nmse"),
  ])
  func usageErrors(tool: Tool, arguments: [String], words: String) throws {
    try expectRefusal(tool, arguments, 2, words)
  }

  @Test(arguments: [
    "", "m", "m=", "=1", "m=x", "m=1,", "m=nan", "m=inf", "m=1e39", "m=0:1", "m=1:0:0.1",
    "m=0:1:0",
    "m=0:1:-1", "m=0:1:0.0001", "m=0:1:0.5:2", "a=0:1:0.001,b=0:1:0.001,c=0:1:0.001,d=0:1:0.001",
  ])
  func malformedSteering(expression: String) throws {
    try expectRefusal(.actrun, ["generate", "P", "-p", "x", "--steer", expression], 2, "expected")
  }

  @Test func steeringTwiceByOneName() throws {
    for steering in [["--steer", "m=1,m=0"], ["--steer", "m=1", "--steer", "m=0"]] {
      for command in [["generate", "P", "-p", "x"], ["score", "P", "x"], ["eval", "P", "--prompts", "x"]] {
        try expectRefusal(.actrun, command + steering, 2, "`m` given twice")
      }
    }
  }

  @Test(arguments: [["methods"], ["passes"]])
  func listsAsJSON(arguments: [String]) throws {
    let outcome = try Tool.actc.run(arguments + ["--json"])
    #expect(outcome.code == 0)
    let entries = try #require(JSON(parsing: outcome.output).array)
    #expect(entries.count >= 2)
    #expect(entries.allSatisfy { $0["name"]?.string != nil && $0["summary"]?.string != nil })
  }

  @Test func listsModels() throws {
    let lines = try Tool.actc.run("models").text.split(separator: "\n").map(String.init)
    #expect(lines.contains("LlamaForCausalLM") && lines.contains("AutoencoderTiny: encoder, decoder"))
    let entries = try #require(JSON(parsing: Tool.actc.run("models", "--json").output).array)
    let files = entries.flatMap { entry in entry["gguf"]?.array?.compactMap(\.string) ?? [] }
    #expect(files.contains("command-r"))
    #expect(entries.count == lines.count)
    for (entry, line) in zip(entries, lines) {
      let names = try #require(entry["names"]?.array).compactMap(\.string)
      #expect(!names.isEmpty && line.hasPrefix(names.joined(separator: ", ")))
    }
  }
}
