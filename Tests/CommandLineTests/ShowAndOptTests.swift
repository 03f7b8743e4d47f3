import ActFormats
import Testing
import Workbench

/// What the tools print, and the options of the pass manager.
@Suite struct ShowAndOptTests {
  let workshop: Workshop
  let directory: TemporaryDirectory
  let graph: String

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
    graph = try directory.write(Self.text, to: "f.graph")
  }

  static let text = """
    graph @f(%x: f32[T,8]) {
      %w = weight {name = "w"} : f32[8]
      %a = mul %x, %w : f32[T,8]
      %b = add %a, %w : f32[T,8]
      %c = exp %b : f32[T,8]
      %d = neg %x : f32[T,8]
      return y = %c
    }

    """

  private func result(_ tool: Tool, _ arguments: [String], input: String = "/dev/null") throws -> Outcome {
    let outcome = try tool.run(arguments, input: input)
    #expect(outcome.code == 0, "\(outcome.error)")
    return outcome
  }

  // MARK: JSON

  @Test func showsAsJSON() throws {
    for (path, keys) in [
      (workshop.model, ["context", "fingerprint", "graph", "sites"]),
      (workshop.map, ["method", "sites", "transport"]),
      (workshop.steered, ["dials", "arena_bytes", "cache_bytes", "plan", "provenance", "step_kernels"]),
      (graph, ["graph"]),
    ] {
      let outcome = try result(.actc, ["show", path, "--json"])
      let json = try JSON(parsing: outcome.output)
      for key in keys { #expect(json[key] != nil, "\(path): \(key)") }
      #expect(outcome.error.isEmpty)
    }
    #expect(
      try JSON(parsing: result(.actc, ["show", "-", "--json"], input: graph).output)["graph"]?.string != nil)
  }

  @Test func runsAsJSON() throws {
    for arguments in [
      ["generate", workshop.steered, "-p", "a\"b", "-n", "2", "--steer", "m=0.5", "--json"],
      ["score", workshop.plan, workshop.source, "--json"],
      [
        "eval", workshop.steered, "--prompts", workshop.source, "--concept", workshop.target, "--steer",
        "m=0:1:1", "-n",
        "2", "--json",
      ],
    ] {
      // A line for each set of strengths.
      let lines = try result(.actrun, arguments).text.split(separator: "\n")
      #expect(lines.count == (arguments[0] == "eval" ? 2 : 1))
      for line in lines { _ = try JSON(parsing: Array(line.utf8)) }
    }
    _ = try JSON(
      parsing: result(.actrun, ["bench", workshop.plan, "-p", "4", "-n", "2", "-r", "1", "--json"]).output)
    let sites = try JSON(parsing: result(.actc, ["sites", workshop.model, "--json"]).output)
    #expect(sites.array?.count == 3 + 4 * 11)
    #expect(sites.array?.first?["name"]?.string == "model.embed_tokens")
    #expect(sites.array?.first?["type"]?.string == "f32[T,32]")
  }

  @Test func showsFromStandardInput() throws {
    let shown = try result(.actc, ["show", "-"], input: graph).text
    #expect(shown == (try result(.actc, ["show", graph]).text))
    #expect(shown.contains("%c = exp %b : f32[T,8]"))
  }

  @Test func summaryIsForPlans() throws {
    #expect(try result(.actc, ["show", workshop.plan, "--summary"]).text.hasPrefix("// dials: none\n"))
    for path in [workshop.model, workshop.map, graph] {
      try expectRefusal(.actc, ["show", path, "--summary"], 2, "--summary is for plans")
    }
  }

  /// Three layers, of which two see 6 positions: rings of the blocks of 64 that those and the 512 rows of a call lie in.
  /// A block has 2 heads of 16 padded channels, keys and values in bf16: 8192 bytes.
  @Test func saysWhatASequenceKeeps() throws {
    let fixture = Workshop.fixture("tiny-qwen2-windows")
    let model = try directory.makeDirectory("model")
    try directory.write(readBytes("\(fixture)/model.safetensors"), to: "model/model.safetensors")
    let config = String(decoding: try readBytes("\(fixture)/config.json"), as: UTF8.self)
    try directory.write(config.replacing("512", with: "4096"), to: "model/config.json")
    let plan = directory.file("windows.plan")
    for (context, bytes, kept) in [
      (4096, (64 + 2 * 10) * 8192, "; 2 keep 640 positions for windows of 6"), (640, 3 * 10 * 8192, ""),
    ] {
      _ = try result(.actc, ["compile", model, "--context", "\(context)", "-o", plan])
      let line = "\n// caches: 3, \(bytes) bytes for a sequence of the whole context\(kept)\n"
      #expect(try result(.actc, ["show", plan, "--summary"]).text.contains(line))
      let json = try JSON(parsing: result(.actc, ["show", plan, "--json"]).output)
      #expect(json["cache_bytes"]?.int == bytes)
    }
  }

  /// Of a gated map a layer takes its part into the epilogue; after a norm it is a node.
  @Test func saysWhereMapsWent() throws {
    let line = "m: 13 sites: 4 in epilogues, 9 in fused nodes, 9 kernels more\n"
    let plan = directory.file("steered.plan")
    let compiled = try result(
      .actc, ["compile", workshop.model, "--maps", "m=\(workshop.map)", "--weights", "f32", "-o", plan])
    #expect(compiled.error.hasSuffix("bytes\n\(line)"))
    #expect(try result(.actc, ["show", plan, "--summary"]).text.contains("\n// \(line)"))
    let json = try JSON(parsing: result(.actc, ["show", plan, "--json"]).output)
    let placement = json["provenance"]?["maps"]?.array?.first?["placement"]
    #expect(placement?["places"]?["epilogue"]?.int == 4)
    #expect(placement?["extra_kernels"]?.int == 9)
    #expect(try !result(.actc, ["show", workshop.plan, "--summary"]).text.contains("sites"))
  }

  @Test func showsNothingOfWhatItDoesNotKnow() throws {
    try expectRefusal(.actc, ["show", workshop.source], 3, "source.txt: header")
    try expectRefusal(.actc, ["show", "\(workshop.model)/model.safetensors"], 3, "is it a map file?")
    let empty = try directory.write("", to: "empty.graph")
    try expectRefusal(.actc, ["show", empty], 3, "empty.graph")
    let bad = try directory.write("graph @g() {\n  %a = warp : f32[]\n", to: "bad.graph")
    try expectRefusal(.actc, ["show", bad], 3, "bad.graph: line 2: unknown op `warp`")
    try expectRefusal(.actc, ["show", "-"], 3, "standard input: line 2: unknown op `warp`", input: bad)
  }

  // MARK: Passes

  @Test func optimizesFromStandardInput() throws {
    let outcome = try result(.actc, ["opt", "-", "--passes", "dead-code,fuse-elementwise"], input: graph)
    #expect(outcome.text.hasPrefix("graph @f("))
    #expect(outcome.text.contains("fused") && !outcome.text.contains("neg"))
    #expect(outcome.error.isEmpty)
    #expect(
      outcome.text == (try result(.actc, ["opt", graph, "--passes", "dead-code,fuse-elementwise"]).text))
  }

  @Test func printsAfterPasses() throws {
    let all = try result(
      .actc, ["opt", graph, "--passes", "dead-code,fuse-elementwise", "--print-after", "all"])
    #expect(all.error.components("// after ") == 2)
    let one = try result(
      .actc, ["opt", graph, "--passes", "dead-code,fuse-elementwise", "--print-after", "dead-code"])
    #expect(one.error.hasPrefix("// after dead-code\ngraph @f("))
    #expect(one.error.components("// after ") == 1)
    try expectRefusal(
      .actc, ["opt", graph, "--passes", "dead-code", "--print-after", "merge-linears"], 2,
      "`merge-linears` is not among the passes that run here")
    try expectRefusal(.actc, ["opt", graph, "--print-after", ""], 2, "no pass ``")
  }

  @Test func timesPasses() throws {
    let outcome = try result(.actc, ["opt", graph, "--passes", "dead-code,fuse-elementwise", "--timing"])
    #expect(outcome.error.contains("| dead-code"))
    #expect(outcome.error.contains("| fuse-elementwise"))
    #expect(outcome.text.hasPrefix("graph @f("))
  }

  @Test func stopsEarly() throws {
    let passes = ["opt", graph, "--passes", "dead-code,fuse-elementwise"]
    let stopped = try result(.actc, passes + ["--stop-after", "dead-code"]).text
    #expect(!stopped.contains("fused") && !stopped.contains("neg"))
    #expect(try result(.actc, passes + ["--bisect", "1"]).text == stopped)
    #expect(try result(.actc, passes + ["--bisect", "0"]).text.contains("exp"))
    #expect(try result(.actc, passes + ["--bisect", "2"]).text.contains("fused"))
    try expectRefusal(.actc, passes + ["--bisect", "99"], 2, "cannot bisect at 99: 2 passes run here")
    try expectRefusal(
      .actc, ["opt", graph, "--passes", "dead-code", "--stop-after", "merge-linears"], 2,
      "is not among the passes")
    try expectRefusal(.actc, passes + ["--stop-after", "nothing"], 2, "no pass `nothing`")
    try expectRefusal(
      .actc, ["opt", graph, "--passes", "nothing"], 2, "no pass `nothing`; `actc passes` lists them")
    try expectRefusal(.actc, ["opt", graph, "--passes", ""], 2, "no pass ``")
    try expectRefusal(.actc, ["opt", graph, "--passes", "dead-code,"], 2, "no pass ``")
  }

  @Test func optimizesModelsWithMaps() throws {
    let inserted = try result(
      .actc, ["opt", workshop.model, "--maps", "m=\(workshop.map)", "--passes", "insert-transports"])
    #expect(inserted.text.contains("map_parameter {map = \"m\""))
    try expectRefusal(
      .actc, ["opt", graph, "--maps", "m=\(workshop.map)"], 2, "--maps needs a model, not")
  }

  @Test func refusesGraphsThatAreNone() throws {
    for (text, words) in [
      ("", "bad.graph"), ("graph", "line 1: expected `@name`"),
      (
        "graph @g(%x: f32[T,8]) {\n  %y = add %x : f32[T,8]\n  return %y\n}\n", "expected 2 operands, found 1"
      ),
      ("graph @g(%x: f32[T,8]) {\n  return %y\n}\n", "line 2: undefined value %y"),
      ("graph @g(%x: f32[T,8]) {\n}\n", "line 2: expected a value"),
      (Self.text + Self.text, "expected one graph, found 2"),
    ] {
      let path = try directory.write(text, to: "bad.graph")
      try expectRefusal(.actc, ["opt", path], 3, words)
    }
    try expectRefusal(
      .actc, ["opt", try directory.write([0xFF, 0xFE], to: "bad.graph")], 3, "expected UTF-8 text")
    try expectRefusal(.actc, ["opt", directory.file("absent.graph")], 3, "absent.graph: cannot open")
  }
}

extension String {
  /// How often `part` is there.
  fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
