import ActFormats
import Glibc
import Testing
import Workbench

/// Folders of diffusers that hold whole pipelines.
@Suite struct PipelineCommandTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path }

  private static let index = """
    {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1", "feature_extractor": [null, null],
    "requires_safety_checker": false, "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
    "vae": ["diffusers", "AutoencoderTiny"]}
    """

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write(Self.index, to: "model_index.json")
    for (component, fixture) in [("text_encoder", "tiny-clip-text"), ("vae", "tiny-taesd")] {
      guard symlink(Workshop.fixture(fixture), directory.file(component)) == 0 else { throw POSIXError() }
    }
    _ = try directory.makeDirectory("scheduler")
    try directory.write(
      #"{"_class_name": "PNDMScheduler", "skip_prk_steps": true}"#, to: "scheduler/scheduler_config.json")
  }

  private struct POSIXError: Error {}

  /// The index with a denoiser whose class is in none of our graphs.
  private func addDenoiser() throws {
    try directory.write(
      Self.index.replacing(#""vae":"#, with: #""denoiser": ["diffusers", "UnheardOfModel"], "vae":"#),
      to: "model_index.json")
    _ = try directory.makeDirectory("denoiser")
    try directory.write(#"{"_class_name": "UnheardOfModel"}"#, to: "denoiser/config.json")
    let vae = try readBytes("\(Workshop.fixture("tiny-taesd"))/diffusion_pytorch_model.safetensors")
    try directory.write(vae, to: "denoiser/diffusion_pytorch_model.safetensors")
  }

  @Test func showsComponents() throws {
    try addDenoiser()
    let outcome = try Tool.actc.run(["show", path])
    #expect(outcome.code == 0, "\(outcome.error)")
    let lines = outcome.text.split(separator: "\n").map(String.init)
    #expect(lines.first == "// pipeline StableDiffusionPipeline")
    #expect(lines.contains("// scheduler: PNDMScheduler of diffusers"))
    #expect(lines.contains("// tokenizer: CLIPTokenizer of transformers"))
    #expect(
      lines.contains {
        $0.hasPrefix("// text_encoder: CLIPTextModel of transformers; ") && $0.hasSuffix(" bytes")
      })
    #expect(
      lines.contains {
        $0.hasPrefix("// denoiser: UnheardOfModel of diffusers; ") && $0.hasSuffix("; not supported")
      })
    #expect(lines.contains("// requires_safety_checker = false"))
    let json = try JSON(parsing: Tool.actc.run(["show", path, "--json"]).text)
    #expect(
      json["components"]?.array?.map { $0["name"]?.string } == [
        "scheduler", "text_encoder", "tokenizer", "denoiser", "vae",
      ])
    #expect(json["components"]?.array?.map { $0["is_supported"]?.bool } == [true, true, true, false, true])
  }

  /// A folder of T5 with a model of SentencePiece makes the pictures that one with `tokenizer.json` makes.
  @Test func readsModelsOfSentencePiece() throws {
    try SpieceModel.copy(to: directory, as: "model")
    let folders = [Workshop.fixture(SpieceModel.pipeline), directory.file("model")]
    let pictures = try folders.enumerated().map { index, folder in
      let (plan, output) = (directory.file("\(index).plan"), directory.file("\(index).safetensors"))
      let compiled = try Tool.actc.run("compile", folder, "--size", "16x16", "-o", plan)
      try #require(compiled.code == 0, "\(compiled.error)")
      let outcome = try Tool.actrun.run(
        ["image", plan, "-p", "a photo of a cat, it's <pad> red\t!", "--steps", "1", "-o", output])
      try #require(outcome.code == 0, "\(outcome.error)")
      let file = try SafetensorsFile(output)
      return Array(file.bytes(of: try #require(file["image"])))
    }
    #expect(pictures[0] == pictures[1])
  }

  /// A class by the name that it had before it was divided.
  @Test(arguments: [("ada_norm_zero", true), ("ada_norm_single", true), ("layer_norm", false)])
  func showsRenamedClasses(norm: String, isSupported: Bool) throws {
    try addDenoiser()
    let index = try readBytes(directory.file("model_index.json"))
    try directory.write(
      String(decoding: index, as: UTF8.self).replacing("UnheardOfModel", with: "Transformer2DModel"),
      to: "model_index.json")
    try directory.write(
      #"{"_class_name": "Transformer2DModel", "norm_type": "\#(norm)"}"#, to: "denoiser/config.json")
    let json = try JSON(parsing: Tool.actc.run(["show", path, "--json"]).text)
    let denoiser = json["components"]?.array?.first { $0["name"]?.string == "denoiser" }
    #expect(denoiser?["class"]?.string == "Transformer2DModel")
    #expect(denoiser?["is_supported"]?.bool == isSupported)
  }

  /// Sites under their components' names; the decoder's types are those of the picture's size.
  @Test func listsSites() throws {
    let outcome = try Tool.actc.run(["sites", path, "--size", "48x32"])
    #expect(outcome.code == 0, "\(outcome.error)")
    let lines = outcome.text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("text_encoder.text_model.encoder.layers.0.layer_norm1 : f32[T,") })
    #expect(lines.contains { $0.hasPrefix("vae.decoder.layers.3.conv.0 : f32[B,4,6,") })
    #expect(!lines.contains { $0.contains("vae.encoder") })
    let chosen = try Tool.actc.run(["sites", path, "--size", "48x32", "--sites", "*layer_norm1", "vae.*"])
    #expect(chosen.code == 0)
    #expect(
      chosen.text.split(separator: "\n").allSatisfy { $0.contains("layer_norm1 :") || $0.hasPrefix("vae.") })
  }

  @Test func refuses() throws {
    func expect(_ arguments: [String], _ code: Int32, _ problem: String) throws {
      let outcome = try Tool.actc.run(arguments)
      #expect(outcome.code == code)
      #expect(outcome.error.contains(problem), "\(outcome.error)")
      #expect(outcome.error.split(separator: "\n").count == 1)
    }
    try expect(["sites", path], 2, "the size of the picture is not known: give --size WIDTHxHEIGHT")
    try expect(
      ["sites", path, "--size", "44x32"], 2,
      "--size: expected a width and a height that 8 and 8 divide, as `vae` enlarges, found 44x32")
    try expect(["sites", path, "--size", "48x32", "--sites", "unet.*"], 2, "matches no site")
    try expect(["sites", path, "--size", "48x32", "--module", "decoder"], 2, "a pipeline has components")
    try expect(["compile", path, "-o", directory.file("a.plan")], 2, "the size of the picture is not known")
    try expect(
      ["compile", path, "--size", "48x32", "-o", directory.file("a.plan")], 3,
      "expected a denoiser")
    try addDenoiser()
    try expect(["sites", path, "--size", "48x32"], 4, "`UnheardOfModel` is not supported")
  }

  /// Damaged indices: one line, the documented code.
  @Test(arguments: [
    ("{", "model_index.json"), ("[]", "expected the name of a pipeline"),
    (#"{"_class_name": 3}"#, "expected the name of a pipeline"),
    (#"{"_class_name": "A"}"#, "expected components"),
    (#"{"_class_name": "A", "..": ["diffusers", "B"]}"#, "expected the name of a folder"),
    (#"{"_class_name": "A", "a/b": ["diffusers", "B"]}"#, "expected the name of a folder"),
    (#"{"_class_name": "A", "": ["diffusers", "B"]}"#, "expected the name of a folder"),
    (#"{"_class_name": "A", "unet": ["diffusers", "B"]}"#, "unet"),
  ])
  func damagedIndex(text: String, problem: String) throws {
    try directory.write(text, to: "model_index.json")
    for command in [["show", path], ["sites", path, "--size", "48x32"]] {
      let outcome = try Tool.actc.run(command)
      #expect(outcome.code == 3)
      #expect(outcome.error.contains(problem), "\(outcome.error)")
      #expect(outcome.error.split(separator: "\n").count == 1)
    }
  }
}
