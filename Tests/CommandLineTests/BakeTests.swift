import ActFormats
import Testing
import Workbench

/// `actc bake` from the command line.
@Suite struct BakeTests {
  private let workshop: Workshop
  private let directory: TemporaryDirectory
  /// A map without bounds at the outputs of attention, and one with bounds.
  private let map: String

  init() throws {
    workshop = try Workshop.get()
    directory = try TemporaryDirectory()
    map = directory.file("m.maps.safetensors")
    let outcome = try Tool.actc.run(
      "fit", workshop.model, "--source", workshop.source, "--target", workshop.target, "--sites", "*.o_proj",
      "--simultaneous", "-o", map)
    try #require(outcome.code == 0, "\(outcome.error)")
  }

  private func bake(_ arguments: String...) throws -> Outcome {
    try Tool.actc.run(["bake", workshop.model] + arguments + ["-o", directory.file("baked")])
  }

  private func expectRefusal(_ code: Int32, _ words: String, _ arguments: String...) throws {
    let before = directory.contents
    let outcome = try Tool.actc.run(["bake", workshop.model] + arguments)
    #expect(outcome.code == code && outcome.error.contains(words), "\(outcome.error)")
    #expect(directory.contents == before)
  }

  /// What is written is a model of its own, with the tokenizer, that computes what the frozen plan computes.
  @Test func writesAModel() throws {
    let outcome = try bake("--maps", "m=\(map)", "--strength", "m=0.8")
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(
      outcome.error.contains("LlamaForCausalLM, 8 tensors changed") || outcome.error.contains("changed"))
    #expect(outcome.error.contains("logits: NMSE"))
    #expect(directory.contents == ["baked", "m.maps.safetensors"])
    let baked = directory.file("baked")
    let files = TemporaryDirectory.contents(baked).sorted()
    #expect(files == ["config.json", "model.safetensors", "tokenizer.json"])
    #expect(try JSON(readingFile: "\(baked)/config.json")["attention_bias"] == .bool(true))
    // No tensor that other loaders do not know.
    let text = String(decoding: try readBytes("\(baked)/model.safetensors").prefix(20_000), as: UTF8.self)
    #expect(!text.contains("__pad"))
    let (frozen, plain) = (directory.file("frozen.plan"), directory.file("plain.plan"))
    let types = ["--weights", "f32", "--kv", "f32"]
    let input = Workshop.fixture("tiny-plain/prompt1.safetensors")
    for (arguments, plan) in [
      ([workshop.model, "--maps", "m=\(map)", "--freeze", "m=0.8"], frozen), ([baked], plain),
    ] {
      #expect(try Tool.actc.run(["compile"] + arguments + types + ["-o", plan]).code == 0)
    }
    let reference = directory.file("reference.safetensors")
    #expect(try Tool.actrun.run("run", frozen, "--input", input, "-o", reference).code == 0)
    let compared = try Tool.actrun.run(
      "run", plain, "--input", input, "--expected", reference, "--nmse", "1e-4")
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
  }

  @Test func anExistingDirectoryStays() throws {
    let arguments = [
      "--maps", "m=\(map)", "--strength", "m=0.8", "--no-measure", "-o", directory.file("baked"),
    ]
    let command = ["bake", workshop.model] + arguments
    #expect(try Tool.actc.run(command).code == 0)
    let before = try readBytes(directory.file("baked/model.safetensors"))
    let refused = try Tool.actc.run(command)
    #expect(refused.code == 3 && refused.error.contains("exists already"), "\(refused.error)")
    #expect(try Tool.actc.run(command + ["--replace", "--dtype", "f16"]).code == 0)
    #expect(try readBytes(directory.file("baked/model.safetensors")) != before)
    #expect(directory.contents == ["baked", "m.maps.safetensors"])
    // What is no model is not replaced.
    let other = try directory.makeDirectory("other")
    _ = try directory.write("mine", to: "other/notes.txt")
    let kept = try Tool.actc.run(["bake", workshop.model] + arguments.dropLast() + [other, "--replace"])
    #expect(kept.code == 3 && kept.error.contains("config.json"), "\(kept.error)")
    #expect(TemporaryDirectory.contents(other) == ["notes.txt"])
    // Nor is the model itself.
    let own = try Tool.actc.run(
      ["bake", workshop.model] + arguments.dropLast() + [workshop.model, "--replace"])
    #expect(own.code == 2 && own.error.contains("another directory"), "\(own.error)")
  }

  @Test func refusals() throws {
    let output = ["-o", directory.file("baked")]
    try expectRefusal(2, "--strength m=STRENGTH", "--maps", "m=\(map)", output[0], output[1])
    try expectRefusal(
      2, "no map `n`", "--maps", "m=\(map)", "--strength", "m=1", "--strength", "n=1", output[0], output[1])
    try expectRefusal(2, "nothing to bake", output[0], output[1])
    try expectRefusal(
      2, "--strength: expected NAME=STRENGTH", "--maps", "m=\(map)", "--strength", "m=much", output[0],
      output[1])
    // The map of the workshop has bounds.
    try expectRefusal(
      4, "affine", "--maps", "m=\(workshop.map)", "--strength", "m=1", output[0], output[1])
  }

  @Test func adaptersAreBakedToo() throws {
    let model = Workshop.fixture("tiny-gqa")
    let adapter = Workshop.fixture("lora/llama-b")
    let baked = directory.file("baked")
    let outcome = try Tool.actc.run("bake", model, "--lora", adapter, "--dtype", "f32", "-o", baked)
    #expect(outcome.code == 0, "\(outcome.error)")
    let plan = directory.file("x.plan")
    #expect(try Tool.actc.run("compile", baked, "--weights", "f32", "--kv", "f32", "-o", plan).code == 0)
    let record = Workshop.fixture("lora/llama-b.safetensors")
    let compared = try Tool.actrun.run("run", plan, "--input", record, "--expected", record, "--nmse", "1e-8")
    #expect(compared.code == 0, "\(compared.text)\(compared.error)")
  }
}
