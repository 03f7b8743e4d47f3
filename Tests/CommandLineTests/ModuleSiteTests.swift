import ActFormats
import ActIR
import Testing
import Workbench

/// Inputs of modules, what modules add to them, and heads, on the command line.
@Suite struct ModuleSiteTests {
  private let workshop: Workshop
  private let directory: TemporaryDirectory

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  @Test func sitesAreListedWhereTheyAreAskedFor() throws {
    let ordinary = try Tool.actc.run("sites", workshop.model)
    #expect(ordinary.code == 0 && !ordinary.text.contains(":in") && !ordinary.text.contains(":delta"))
    #expect(try Tool.actc.run("sites", workshop.model, "--sites", "*").text == ordinary.text)
    let inputs = try Tool.actc.run("sites", workshop.model, "--sites", "*:in").text.split(separator: "\n")
    #expect(inputs.contains("model.layers.3.self_attn.o_proj:in : f32[T,32], 4 heads"))
    #expect(inputs.contains("model.layers.0.mlp.down_proj:in : f32[T,72]"))
    #expect(inputs.allSatisfy { $0.contains(":in : ") })
    let layers = try Tool.actc.run("sites", workshop.model, "--sites", "model.layers.?:delta").text
    #expect(layers == (0..<4).map { "model.layers.\($0):delta : f32[T,32]\n" }.joined())
    let json = try Tool.actc.run("sites", workshop.model, "--sites", "*.1.self_attn.o_proj:in", "--json")
    #expect(try JSON(parsing: json.text).array?.first?["heads"]?.int == 4)
    try expectRefusal(
      .actc, ["sites", workshop.model, "--sites", "*up_proj:delta"], 2, "matches no site; list them with")
  }

  @Test func dumps() throws {
    let reference = directory.file("reference.plan")
    for arguments in [["-o", directory.file("fused.plan")], ["--reference", "-o", reference]] {
      let outcome = try Tool.actc.run(
        ["compile", workshop.model, "--weights", "f32", "--kv", "f32"] + arguments)
      try #require(outcome.code == 0, "\(outcome.error)")
    }
    let input = Workshop.fixture("tiny-plain/prompt1.safetensors")
    func dump(_ plan: String, _ patterns: String...) throws -> SafetensorsFile {
      let out = directory.file("out.safetensors")
      let outcome = try Tool.actrun.run(
        ["run", plan, "--input", input, "-o", out, "--dump"] + patterns)
      try #require(outcome.code == 0, "\(outcome.error)")
      return try SafetensorsFile(out)
    }
    func floats(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
      try file.bytes(of: #require(file[name], "\(name)")).bindMemory(to: Float.self).map { $0 }
    }
    let layer = "model.layers.2"
    let whole = try dump(reference, "*", "*:in", "*:delta")
    let delta = try floats(whole, "\(layer):delta")
    #expect(delta == zip(try floats(whole, layer), try floats(whole, "\(layer):in")).map { $0 - $1 })
    #expect(try floats(whole, "\(layer):in") == floats(whole, "model.layers.1"))
    let norm = try floats(whole, "\(layer).input_layernorm")
    for name in ["q_proj", "k_proj", "v_proj"] {
      #expect(try floats(whole, "\(layer).self_attn.\(name):in") == norm)
    }
    let alone = try dump(reference, "\(layer):delta")
    #expect(alone.tensors.map(\.name).sorted() == ["logits", "\(layer):delta"])
    // What has no other name is kept where layers are fused.
    let names = ["\(layer).self_attn.o_proj:in", "\(layer).mlp.down_proj:in"]
    let fused = try dump(directory.file("fused.plan"), "*.o_proj:in", "*.down_proj:in")
    for name in names {
      for (a, b) in zip(try floats(fused, name), try floats(whole, name)) {
        #expect((a - b).magnitude <= 1e-5)
      }
    }
    try expectRefusal(
      .actrun,
      [
        "run", directory.file("fused.plan"), "--input", input, "-o", directory.file("x"), "--dump",
        "*.q_proj:in",
      ], 2,
      "fused ones are kept by `actc compile --no-fuse`")
  }

  /// With a map at a site, what is dumped there is what the map makes of it.
  @Test(arguments: [
    "*.1.self_attn.o_proj:in", "*.1.self_attn.o_proj", "model.layers.1", "model.layers.1:delta",
  ])
  func dumpsOfSteeredSites(pattern: String) throws {
    let map = directory.file("x.maps.safetensors")
    let plan = directory.file("x.plan")
    let input = Workshop.fixture("tiny-plain/prompt1.safetensors")
    for arguments in [
      [
        "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--method",
        "mean-act",
        "--sites", pattern, "-o", map,
      ],
      [
        "compile", workshop.model, "--weights", "f32", "--kv", "f32", "--maps", "m=\(map)", "--no-fuse", "-o",
        plan,
      ],
    ] {
      let outcome = try Tool.actc.run(arguments)
      try #require(outcome.code == 0, "\(outcome.error)")
    }
    let fitted = try #require(try MapFile(reading: map).sites.first)
    let shift = zip(fitted.parameters["target_mean"]!.values, fitted.parameters["source_mean"]!.values).map {
      $0 - $1
    }
    func dump(_ strength: String) throws -> [Float] {
      let out = directory.file("out.safetensors")
      let outcome = try Tool.actrun.run(
        ["run", plan, "--input", input, "-o", out, "--steer", "m=\(strength)", "--dump", pattern])
      try #require(outcome.code == 0, "\(outcome.error)")
      let file = try SafetensorsFile(out)
      return try file.bytes(of: #require(file[fitted.name])).bindMemory(to: Float.self).map { $0 }
    }
    let (bare, steered) = (try dump("0"), try dump("0.5"))
    for index in bare.indices {
      let expected = bare[index] + shift[index % shift.count] / 2
      #expect((steered[index] - expected).magnitude <= 1e-5)
    }
  }

  private func fit(_ method: String, _ others: [String]) -> [String] {
    ["fit", workshop.model, "--method", method, "-o", directory.file("\(method).maps.safetensors")] + others
  }

  /// From data to text, at the sites that the method asks for.
  @Test(arguments: ["iti-m", "iti-c"])
  func interventionFromEndToEnd(method: String) throws {
    let data = ["--source", workshop.source, "--target", workshop.target, "--option", "heads=3"]
    let outcome = try Tool.actc.run(fit(method, data))
    try #require(outcome.code == 0, "\(outcome.error)")
    let path = directory.file("\(method).maps.safetensors")
    let map = try MapFile(reading: path)
    #expect(map.sites.map(\.name) == (0..<4).map { "model.layers.\($0).self_attn.o_proj:in" })
    #expect(map.heldOut == ["source": 1, "target": 1] && map.counts == ["source": 4, "target": 4])
    let shifted = map.sites.map { site in
      let shift = site.parameters["shift"]!.values
      return (0..<4).count { head in shift[head * 8..<(head + 1) * 8].contains { $0 != 0 } }
    }
    #expect(shifted.reduce(0, +) == 3)
    #expect(try Tool.actc.run("show", path).text.contains("4 source, 1 of them held out"))
    let plan = directory.file("x.plan")
    let compiled = try Tool.actc.run("compile", workshop.model, "--maps", "m=\(path)", "-o", plan)
    #expect(compiled.code == 0, "\(compiled.error)")
    #expect(compiled.error.contains("m: 4 sites: 4 in epilogues, 0 kernels more"), "\(compiled.error)")
    let frozen = try Tool.actc.run(
      "compile", workshop.model, "--maps", "m=\(path)", "--freeze", "m=0.5", "-o", plan)
    #expect(frozen.error.contains("m: 4 sites: 4 folded into the weights after, 0 kernels more"))
  }

  /// Samples of shards say which channels are heads: the map is the one that one process fits.
  @Test func interventionFromShards() throws {
    let data = ["--source", workshop.source, "--target", workshop.target]
    let fitted = try Tool.actc.run(fit("iti-c", data + ["--option", "heads=3"]))
    try #require(fitted.code == 0, "\(fitted.error)")
    let shards = try (1...2).map { number in
      let path = directory.file("\(number).samples.safetensors")
      let outcome = try Tool.actc.run(
        ["collect", workshop.model, "--sites", "*.o_proj:in", "--simultaneous", "--pooling", "last"] + data
          + ["--shard", "\(number)/2", "-o", path])
      try #require(outcome.code == 0, "\(outcome.error)")
      return path
    }
    let solved = directory.file("solved.maps.safetensors")
    let outcome = try Tool.actc.run(
      ["solve"] + shards + ["--method", "iti-c", "--option", "heads=3", "-o", solved])
    try #require(outcome.code == 0, "\(outcome.error)")
    #expect(try directory.read("solved.maps.safetensors") == directory.read("iti-c.maps.safetensors"))
  }

  @Test func whatAnInterventionCannotTake() throws {
    let one = try directory.write("a cat\n", to: "one.txt")
    let data = ["--source", workshop.source, "--target", workshop.target]
    for (arguments, words) in [
      (
        data + ["--sites", "*.1.self_attn.o_proj"],
        "model.layers.1.self_attn.o_proj: iti-c fits heads: expected a site whose channels are heads, as those of "
          + "*.self_attn.o_proj:in, found 32 channels without"
      ),
      (data + ["--option", "heads=17"], "expected --option heads=16 or fewer"),
      (
        ["--source", one, "--target", workshop.target],
        "expected at least 2 source and target samples, found 1 and 4"
      ),
      (data + ["--pooling", "all"], "iti-c holds whole texts out"),
    ] {
      try expectRefusal(.actc, fit("iti-c", arguments), 2, words)
    }
  }
}
