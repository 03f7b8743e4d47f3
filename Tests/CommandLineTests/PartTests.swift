import ActFormats
import ActPlan
import Testing
import Workbench

/// `--module` and `--size`: which network of a checkpoint, for images of which size.
@Suite struct PartTests {
  private let model = Workshop.fixture("tiny-taesd")
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [
    ("encoder", "16x8", "%x = input {name = \"x\"} : f32[B,8,16,3]"),
    ("decoder", "3x2", "%z = input {name = \"z\"} : f32[B,2,3,4]"),
  ])
  func compiles(module: String, size: String, input: String) throws {
    let plan = directory.file("\(module).plan")
    let outcome = try Tool.actc.run(["compile", model, "--module", module, "--size", size, "-o", plan])
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(try PlanFile(plan).plan.description.contains(input))
  }

  /// Without --module a plan has both networks; the decoder takes images of the size that the encoder gives.
  @Test func compilesAllModules() throws {
    let plan = directory.file("taesd.plan")
    let outcome = try Tool.actc.run(["compile", model, "--size", "32x16", "-o", plan])
    #expect(outcome.code == 0, "\(outcome.error)")
    let modules = try PlanFile(plan).modules
    #expect(modules.map(\.name) == ["encoder", "decoder"])
    #expect(modules[1].description.contains("%z = input {name = \"z\"} : f32[B,2,4,4]"))
    let shown = try Tool.actc.run(["show", plan])
    #expect(shown.text.contains("plan @encoder") && shown.text.contains("plan @decoder"), "\(shown.text)")
  }

  @Test func listsSites() throws {
    let outcome = try Tool.actc.run(["sites", model, "--module", "decoder", "--size", "3x2"])
    #expect(outcome.code == 0, "\(outcome.error)")
    #expect(outcome.text.contains("decoder.layers.3.conv.0 : f32[B,2,3,10]\n"))
    #expect(outcome.text.contains("decoder.layers.11 : f32[B,16,24,10]\n"))
  }

  @Test(arguments: [
    (
      [], 2,
      "`AutoencoderTiny` has several modules: give --size WIDTHxHEIGHT, or one by --module encoder or decoder"
    ),
    (["--module", "unet"], 2, "`AutoencoderTiny` has no module `unet`: give --module encoder or decoder"),
    (["--module", "decoder"], 2, "the size of the decoder's input is not known: give --size WIDTHxHEIGHT"),
    (
      ["--module", "decoder", "--size", "3"], 2, "--size: expected WIDTHxHEIGHT of 1 to 16384 each, found `3`"
    ),
    (["--module", "decoder", "--size", "0x4"], 2, "found `0x4`"),
    (["--module", "decoder", "--size", "16384x2"], 2, "a sample of more than 16384 pixels a side"),
  ])
  func refuses(arguments: [String], code: Int32, problem: String) throws {
    let outcome = try Tool.actc.run(["show", model] + arguments)
    #expect(outcome.code == code)
    #expect(outcome.error.contains(problem), "\(outcome.error)")
  }

  @Test func doesNotUpsampleOtherwise() throws {
    let directory = try TemporaryDirectory()
    for file in ["config.json", "diffusion_pytorch_model.safetensors"] {
      try directory.write(readBytes("\(model)/\(file)"), to: file)
    }
    let configuration = try String(decoding: readBytes(directory.file("config.json")), as: UTF8.self)
    try directory.write(configuration.replacing(#""nearest""#, with: #""bicubic""#), to: "config.json")
    let outcome = try Tool.actc.run(["sites", directory.path, "--module", "decoder", "--size", "3x2"])
    #expect(outcome.code == 4)
    #expect(outcome.error.contains("upsample_fn"), "\(outcome.error)")
  }
}
