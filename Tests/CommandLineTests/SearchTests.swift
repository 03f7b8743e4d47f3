import ActFormats
import Testing
import Workbench

@Suite struct SearchTests {
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private var arguments: [String] {
    ["search", workshop.model, "--source", workshop.source, "--target", workshop.target]
  }

  private var heldOut: [String] { ["--held-out", workshop.target] }

  private func search(_ flags: [String]) throws -> Outcome {
    let outcome = try Tool.actc.run(arguments + flags)
    try #require(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  /// The choices, each with the pattern by which `--sites` finds its sites again.
  @Test func findsChoices() throws {
    let found = try JSON(parsing: try search(heldOut + ["--parts", "2", "--json"]).output)
    #expect(found["end"]?.string == "model.norm")
    #expect((found["distance"]?.double ?? 0) > 0)
    let plan = directory.file("exact.plan")
    _ = try Tool.actc.run("compile", workshop.model, "--weights", "f32", "--kv", "f32", "-o", plan)
    let bare = try Tool.actrun.run("score", plan, workshop.target, "--json")
    let perplexity = try #require(JSON(parsing: bare.output)["perplexity"]?.double)
    #expect(((found["perplexity"]?.double ?? 0) / perplexity - 1).magnitude < 1e-4)
    let choices = try #require(found["choices"]?.array)
    #expect(choices.count == 3 * 4)  // two norms, o_proj and down_proj: two parts each, and all layers
    for choice in choices {
      let pattern = try #require(choice["pattern"]?.string)
      let sites = try Tool.actc.run("sites", workshop.model, "--sites", pattern, "--json")
      let names = try #require(JSON(parsing: sites.output).array).compactMap { $0["name"]?.string }
      #expect(names == choice["sites"]?.array?.compactMap(\.string))
    }
  }

  /// The table has what the JSON has.
  @Test func printsATable() throws {
    let flags = heldOut + ["--parts", "2", "--sites", "*.o_proj", "--strength", "0.5"]
    let outcome = try search(flags)
    let json = try JSON(parsing: try search(flags + ["--json"]).output)
    let rows = outcome.text.split(separator: "\n").filter { $0.contains("self_attn.o_proj ") }
    let choices = try #require(json["choices"]?.array)
    #expect(rows.count == 3 && choices.count == 3)
    for (row, choice) in zip(rows, choices) {
      let cells = row.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
      #expect((cells[0] == "*") == choice["efficient"]?.bool)
      let layers = try #require(choice["layers"]?.array).compactMap(\.int)
      #expect(cells[2] == "\(layers[0])-\(layers[1])")
      let closed = try #require(Double(cells[4].dropLast(2)))
      #expect((closed - 100 * (choice["closed"]?.double ?? 0)).magnitude <= 0.051)
      let pattern = try #require(choice["pattern"]?.string)
      #expect(outcome.text.contains("  '\(pattern)'\n") == (cells[0] == "*"))
    }
  }

  /// Held-out text is cut to what samples are cut to, and that is said.
  @Test func cutsHeldOutText() throws {
    let long = try directory.write(String(repeating: "ab ", count: 300) + "\n", to: "long.txt")
    let outcome = try search(["--held-out", long, "--sites", "*.o_proj", "--parts", "1"])
    #expect(outcome.error.contains("cut 1 of 1 samples of \(long) to 512 tokens"))
  }

  @Test func refuses() throws {
    let absent = directory.file("absent")
    try expectRefusal(.actc, arguments + ["--held-out", absent], 3, absent)
    let single = try directory.write("a\nb\n", to: "single.txt")
    try expectRefusal(.actc, arguments + ["--held-out", single], 3, "no text has a second token")
    try expectRefusal(.actc, arguments + heldOut + ["--sites", "*.none"], 2, "matches no site")
  }
}
