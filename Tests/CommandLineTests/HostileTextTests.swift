import ActFormats
import Testing
import Workbench

/// Names in files that would command a terminal, or fill it.
@Suite struct HostileTextTests {
  static let order = "a\u{1B}[31m\u{9B}2J\u{202E}\rb"
  let workshop: Workshop
  let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func expectPlain(
    _ outcome: Outcome, _ code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.code == code, "\(outcome.error)", sourceLocation: sourceLocation)
    for text in [outcome.text, outcome.error] {
      let controls = text.unicodeScalars.filter { $0.isControl && $0 != "\n" && $0 != "\t" }
      #expect(controls.isEmpty, "\(text.debugDescription)", sourceLocation: sourceLocation)
    }
  }

  @Test func maps() throws {
    for key in ["method", "method_version", "support", "pooling", "fit_order", "model_fingerprint"] {
      var file = try EditableSafetensors(workshop.map)
      try file.set("__metadata__", key, .string(Self.order + "\n// site forged: 7 channels"))
      let map = try directory.write(file.bytes, to: "x.maps.safetensors")
      let shown = try Tool.actc.run("show", map)
      expectPlain(shown)
      #expect(!shown.text.contains("\n// site forged"))
      expectPlain(try Tool.actc.run("show", map, "--json"))
    }
    var file = try EditableSafetensors(workshop.map)
    try file.set("__metadata__", "transport", .string("// \(Self.order)\n" + file.metadata("transport")))
    expectPlain(try Tool.actc.run("show", try directory.write(file.bytes, to: "x.maps.safetensors")))
  }

  @Test func plans() throws {
    var file = try EditableSafetensors(workshop.plan)
    try file.set("__metadata__", "provenance", .object(["x": .string(Self.order)]).asText)
    let plan = try directory.write(file.bytes, to: "x.plan")
    for flags in [[], ["--json"], ["--summary"]] { expectPlain(try Tool.actc.run(["show", plan] + flags)) }
  }

  @Test func graphs() throws {
    let graph = try directory.write(
      "graph @g(%x: f32[T,2]) {\n  %y = neg %x {site = \"\(Self.order.dropLast(2))\"} : f32[T,2]\n  return %y\n}\n",
      to: "x.graph")
    let shown = try Tool.actc.run("show", graph)
    expectPlain(shown)
    // What is shown is the same graph.
    let again = try directory.write(shown.text, to: "y.graph")
    #expect(try Tool.actc.run("show", again).text == shown.text)
    expectPlain(try Tool.actc.run("opt", graph, "--print-after", "all"))
  }

  @Test func errors() throws {
    var file = try EditableSafetensors("\(workshop.model)/model.safetensors")
    try file.rename("model.norm.weight", Self.order)
    try file.set(Self.order, "dtype", .string("F7"))
    let map = try directory.write(file.bytes, to: "x.safetensors")
    expectPlain(try Tool.actc.run("show", map), 3)
    expectPlain(try Tool.actc.run("show", directory.file("absent\u{1B}[31m")), 3)
    expectPlain(try Tool.actc.run("sites", workshop.model, "--sites", "x\u{1B}[31m"), 2)
    expectPlain(try Tool.actrun.run("generate", workshop.plan, "-p", "x", "--\u{1B}[31m"), 2)
  }

  @Test func longNames() throws {
    let name = String(repeating: "n", count: 300_000)
    var file = try EditableSafetensors("\(workshop.model)/model.safetensors")
    try file.rename("model.norm.weight", name)
    try file.set(name, "dtype", .string("F7"))
    let path = try directory.write(file.bytes, to: "x.safetensors")
    let outcome = try Tool.actc.run("show", path)
    #expect(outcome.code == 3)
    #expect(outcome.error.utf8.count < 1500)
    #expect(outcome.error.contains("nnn…nnn") && outcome.error.contains("unknown dtype"), "\(outcome.error)")
  }

  /// A warning says what will happen, so it waits until that is sure.
  @Test func warningsFollowChecks() throws {
    let steer = ["--steer", "m=2,nothing=1"]
    try expectRefusal(.actrun, ["generate", workshop.steered, "-p", "x"] + steer, 2, "no dial `nothing`")
    try expectRefusal(
      .actrun, ["score", workshop.steered, directory.file("absent"), "--steer", "m=2"], 3, "absent")
    try directory.write("{", to: "bad")
    let model = try Workshop.copyModel("tiny-plain", to: directory.makeDirectory("model"))
    try directory.write("{", to: "model/tokenizer_config.json")
    let arguments = [
      "--maps", "m=\(workshop.map)", "--freeze", "m=2", "-o", directory.file("x.plan"),
    ]
    try expectRefusal(.actc, ["compile", model] + arguments, 3, "tokenizer_config.json")
    // Where all is well it comes once, and before the result.
    let compiled = try Tool.actc.run(["compile", workshop.model] + arguments)
    #expect(compiled.code == 0, "\(compiled.error)")
    #expect(compiled.errorLines.count { $0.hasPrefix("actc: warning:") } == 1, "\(compiled.error)")
    #expect(compiled.errorLines.first?.hasPrefix("actc: warning: strength 2.0 of `m`") == true)
    let run = try Tool.actrun.run("generate", workshop.steered, "-p", "x", "-n", "2", "--steer", "m=2")
    #expect(run.errorLines.count { $0.hasPrefix("actrun: warning: strength of `m`") } == 1, "\(run.error)")
  }
}

extension JSON {
  fileprivate var asText: JSON { .string(description) }
}
