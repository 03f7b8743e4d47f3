import ActFormats
import Testing
import Workbench

/// `actc convert` and `actc conceptor` from the command line.
@Suite struct ConvertTests {
  private let workshop: Workshop
  private let directory: TemporaryDirectory
  private let vector = Workshop.fixture("convert/tiny-plain.gguf")
  private let model = Workshop.fixture("tiny-plain")

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
  }

  private func expectNothing(
    _ arguments: [String], _ code: Int32, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expectRefusal(
      .actc, arguments + ["-o", directory.file("out")], code, words, sourceLocation: sourceLocation)
    #expect(directory.contents.isEmpty, sourceLocation: sourceLocation)
  }

  private func run(_ arguments: String..., words: String) throws {
    let outcome = try Tool.actc.run(arguments)
    try #require(outcome.code == 0, "\(outcome.error)")
    #expect(outcome.error.contains(words) && outcome.output.isEmpty, "\(outcome.error)")
  }

  /// A control vector becomes a map, the map a plan, and a control vector again.
  @Test func thereAndBack() throws {
    let (map, plan, back) = (
      directory.file("x.maps.safetensors"), directory.file("x.plan"), directory.file("x.gguf")
    )
    try run("convert", vector, "--model", model, "--to", "map", "-o", map, words: "control-vector, 3 sites")
    try run("compile", model, "--maps", "m=\(map)", "-o", plan, words: "m: 3 sites")
    try run(
      "convert", map, "--model", model, "--to", "control-vector", "-o", back,
      words: "3 directions of 32 numbers")
    #expect(try ControlVectorFile(reading: back).directions == ControlVectorFile(reading: vector).directions)
    let shown = try JSON(parsing: Tool.actc.run("show", map, "--json").output)
    #expect(shown["method_options"]?["layer_base"]?.string == "0", "\(shown)")
  }

  @Test func adapters() throws {
    let map = Workshop.fixture("convert/low-rank.maps.safetensors")
    let model = Workshop.fixture("tiny-gqa")
    let adapter = directory.file("adapter")
    try run(
      "convert", map, "--model", model, "--to", "lora", "--strength", "0.8", "-o", adapter,
      words: "lora_bias")
    let plan = directory.file("x.plan")
    try run(
      "compile", model, "--lora", adapter, "--weights", "f32", "--kv", "f32", "-o", plan, words: "wrote")
    #expect(
      TemporaryDirectory.contents(adapter).sorted() == ["adapter_config.json", "adapter_model.safetensors"])
  }

  @Test func refusals() throws {
    let convert = ["convert", vector, "--model", model]
    try expectNothing(["convert", vector, "--to", "map"], 2, "--model")
    try expectNothing(convert, 2, "--to")
    try expectNothing(convert + ["--to", "reft"], 2, "'reft' is invalid for '--to <to>'")
    try expectNothing(convert + ["--to", "map", "--strength", "1"], 2, "a map has a dial")
    try expectNothing(convert + ["--to", "lora", "--layer-base", "1"], 2, "an adapter names its layers")
    try expectNothing(convert + ["--to", "map", "--layer-base", "2"], 2, "expected -1, 0 or 1")
    try expectNothing(convert + ["--to", "map", "--layer-base", "-1"], 3, "direction.3: expected -1 to 2")
    try expectNothing(convert + ["--to", "lora", "--strength", "nan"], 2, "expected a finite number")
    try expectNothing(
      ["convert", vector, "--model", directory.file("absent"), "--to", "map"], 3, "there is no such directory"
    )
    try expectNothing(
      ["convert", vector, "--model", workshop.other, "--to", "map"], 3, "expected directions of")
    try expectNothing(
      ["convert", directory.file("absent"), "--model", model, "--to", "map"], 3, "cannot open")
    try expectNothing(
      ["convert", workshop.map, "--model", workshop.model, "--to", "map"], 3, "is it a GGUF file?")
    try expectNothing(
      ["convert", workshop.map, "--model", workshop.model, "--to", "control-vector"], 4, "expected x·scale")
    try expectNothing(
      ["convert", workshop.map, "--model", workshop.other, "--to", "lora"], 3, "use --force fingerprint")
  }

  /// A method that is trained elsewhere says where, before anything runs.
  @Test func reft() throws {
    try expectNothing(
      [
        "fit", directory.file("absent"), "--source", "a", "--target", "b", "--method", "reft", "--sites", "*",
      ], 2,
      "reft is trained elsewhere: pyreft trains it, and Scripts/convert-pyreft.py makes map files")
    let described = try Tool.actc.run("methods", "reft")
    #expect(described.code == 0 && described.text.contains("graph @reft("), "\(described.error)")
  }

  @Test func conceptors() throws {
    let map = directory.file("c.maps.safetensors")
    try run(
      "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--method",
      "conceptor",
      "--sites", "*.1.self_attn.o_proj", "-o", map, words: "conceptor")
    for operation in ["and", "or"] {
      try run(
        "conceptor", operation, map, map, "-o", directory.file("\(operation).maps.safetensors"),
        words: "\(operation), 1 site")
    }
    let negated = directory.file("not.maps.safetensors")
    try run("conceptor", "not", map, "--beta", "0.5", "-o", negated, words: "not, 1 site")
    try run(
      "compile", workshop.model, "--maps", "m=\(negated)", "-o", directory.file("x.plan"), words: "m: 1 site")
    let before = directory.contents
    for (arguments, code, words) in [
      (["and", map], 2, "and: expected 2 map files, found 1"),
      (["not", map, map], 2, "not: expected 1 map file"),
      (["xor", map, map], 2, "'xor' is invalid"),
      (["and", map, workshop.map], 4, "expected the function of `conceptor`"),
      (["not", map, "--beta", "inf"], 2, "expected a finite number"),
    ] as [([String], Int32, String)] {
      try expectRefusal(.actc, ["conceptor"] + arguments + ["-o", directory.file("out")], code, words)
    }
    #expect(directory.contents == before)
  }
}
