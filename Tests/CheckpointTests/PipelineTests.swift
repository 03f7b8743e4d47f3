import ActCompile
import ActDiffusion
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActRuntime
import ActText
import Glibc
import ModelChecks
import Testing
import Workbench

/// Small pipelines of every class against the pictures that `diffusers` makes with them
/// (`Scripts/make-tiny-pipelines.py`).
@Suite struct PipelineTests {
  struct Run: Sendable, CustomTestStringConvertible {
    var pipeline, name: String
    var testDescription: String { "\(pipeline)/\(name)" }
  }

  static let runs: [Run] = [
    ("tiny-sdxl", ["euler", "negative", "turbo", "lightning"]), ("tiny-lcm", ["plain", "low"]),
    ("tiny-lcm-xl", ["plain"]), ("tiny-flux-dev", ["plain", "long"]),
    ("tiny-flux-schnell", ["plain"]), ("tiny-sd3-pipeline", ["plain", "negative", "dynamic"]),
    ("tiny-sd3-no-t5", ["plain"]), ("tiny-pixart-alpha", ["plain", "negative"]),
    ("tiny-pixart-sigma", ["plain"]), ("tiny-pixart-sizes", ["plain"]),
    ("tiny-dit-pipeline", ["plain", "number"]),
    ("tiny-z-image-pipeline", ["plain", "guided", "long", "dynamic"]),
    ("tiny-text-unet", ["guided", "plain", "negative"]),
    ("tiny-text-unet-vae", ["guided"]),
  ].flatMap { pipeline, runs in runs.map { Run(pipeline: pipeline, name: $0) } }

  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A plan of a folder, in f32.
  private func plan(_ folder: PipelineFolder, size: ImageSize) throws -> String {
    try directory.plan(of: Pipeline(folder, size: size))
  }

  /// A folder with the components of a fixture and a scheduler of another configuration.
  private func folder(_ pipeline: String, scheduler: String?) throws -> String {
    let path = fixture(pipeline)
    guard let scheduler else { return path }
    let folder = try directory.makeDirectory(pipeline)
    for name in TemporaryDirectory.contents(path) where name != "scheduler" {
      #expect(symlink("\(path)/\(name)", "\(folder)/\(name)") == 0)
    }
    _ = try directory.makeDirectory("\(pipeline)/scheduler")
    try directory.write(scheduler, to: "\(pipeline)/scheduler/scheduler_config.json")
    return folder
  }

  /// To half a grey level, however predictions are batched.
  @Test(arguments: Self.runs) func equalsDiffusers(run: Run) throws {
    let file = try SafetensorsFile(fixture("\(run.pipeline)/\(run.name).safetensors"))
    let folder = try folder(run.pipeline, scheduler: file.metadata("scheduler_config"))
    try equalsDiffusers(run, folder: PipelineFolder(folder))
  }

  private func equalsDiffusers(_ run: Run, folder: PipelineFolder) throws {
    let path = fixture("\(run.pipeline)/\(run.name).safetensors")
    let file = try SafetensorsFile(path)
    let info = try #require(file["image"])
    let plan = try plan(folder, size: ImageSize(width: info.shape[3], height: info.shape[2]))
    let model = try PictureModel(PlanFile(plan), threads: 2)
    #expect([model.width, model.height] == [info.shape[3], info.shape[2]])
    var request = try PictureModel.Request(recordedIn: file, for: model)
    let expected = Array(file.bytes(of: info).bindMemory(to: Float.self))
    for batchesGuidance in [true, false] {
      request.batchesGuidance = batchesGuidance
      let pictures = try model.pictures(request).flatMap { $0 }.map { min(max($0, 0), 1) }
      #expect(pictures.count == expected.count)
      let largest = zip(pictures, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(largest <= 0.5 / 255, "\(largest * 255) grey levels")
    }
  }

  /// Weights of another file with the pipeline's configuration, and another folder.
  @Test func takesOtherComponents() throws {
    let own = fixture("tiny-sdxl")
    let folder = try directory.makeDirectory("partial")
    for name in ["model_index.json", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "vae"] {
      #expect(symlink("\(own)/\(name)", "\(folder)/\(name)") == 0)
    }
    _ = try directory.makeDirectory("partial/unet")
    #expect(symlink("\(own)/unet/config.json", "\(folder)/unet/config.json") == 0)
    let replaced = try PipelineFolder(folder).replacing([
      "unet": "\(own)/unet/diffusion_pytorch_model.safetensors", "scheduler": "\(own)/scheduler",
    ])
    try equalsDiffusers(Run(pipeline: "tiny-sdxl", name: "euler"), folder: replaced)
  }

  /// A text encoder may be the whole language model, and its chat template lie in `tokenizer_config.json`, as on the hub.
  @Test func readsALanguageModelAsAnEncoder() throws {
    let own = fixture("tiny-z-image-pipeline")
    let folder = try directory.makeDirectory("hub")
    for name in ["model_index.json", "scheduler", "transformer", "vae"] {
      #expect(symlink("\(own)/\(name)", "\(folder)/\(name)") == 0)
    }
    for (folder, file) in [("text_encoder", "model.safetensors"), ("tokenizer", "tokenizer.json")] {
      _ = try directory.makeDirectory("hub/\(folder)")
      #expect(symlink("\(own)/\(folder)/\(file)", directory.file("hub/\(folder)/\(file)")) == 0)
    }
    var configuration = try JSON(readingFile: "\(own)/text_encoder/config.json")
    configuration.set("architectures", .array([.string("Qwen3ForCausalLM")]))
    configuration.set("tie_word_embeddings", .bool(true))
    try directory.write(configuration.description, to: "hub/text_encoder/config.json")
    let text = try #require(try TokenizerConfig.text(inDirectory: "\(own)/tokenizer"))
    try directory.write(text, to: "hub/tokenizer/tokenizer_config.json")
    try equalsDiffusers(
      Run(pipeline: "tiny-z-image-pipeline", name: "guided"), folder: PipelineFolder(folder))
  }

  /// All that a denoiser is given stays the same from step to step, but for samples and times.
  @Test(arguments: Set(Self.runs.map(\.pipeline)).sorted()) func whatIsOfThePrompt(pipeline: String) throws {
    let size = ImageSize(width: 16, height: 16)
    let networks = try Pipeline(PipelineFolder(fixture(pipeline)), size: size).forPlan().networks
    let inputs = try #require(
      networks.map(\.graph.declaredInputs).first { $0.contains { $0.role == .sample } })
    #expect(inputs.allSatisfy { ($0.time == .prompt) == $0.role.mayBeOfPrompt })
  }

  /// Layers of an encoder whose states nobody reads are not there; pooled states come from the last.
  @Test(arguments: [
    ("tiny-sdxl", "text_encoder", 2), ("tiny-sdxl", "text_encoder_2", 2), ("tiny-sd", "text_encoder", 2),
    ("tiny-sd3-pipeline", "text_encoder", 2), ("tiny-flux-dev", "text_encoder_2", 2),
    ("tiny-z-image-pipeline", "text_encoder", 2),
  ])
  func encodersStopAtWhatIsRead(pipeline: String, encoder: String, layers: Int) throws {
    let networks = try Pipeline(PipelineFolder(fixture(pipeline)), size: ImageSize(width: 16, height: 16))
      .networks
    let network = try #require(networks.first { $0.graph.name == encoder })
    let numbers = network.graph.sites.compactMap { site -> Int? in
      let parts = site.name.split(separator: ".")
      return parts.indices.dropFirst().first { ["layers", "block"].contains(parts[$0 - 1]) }.flatMap {
        Int(parts[$0])
      }
    }
    #expect(Set(numbers) == Set(0..<layers))
  }

  /// A sample does not depend on what is made beside it, to the bit, also where texts differ in length.
  @Test(arguments: ["tiny-flux-dev", "tiny-pixart-alpha", "tiny-z-image-pipeline", "tiny-text-unet"])
  func samplesAreApart(pipeline: String) throws {
    let plan = try plan(PipelineFolder(fixture(pipeline)), size: ImageSize(width: 24, height: 16))
    func pictures(_ samples: Range<Int>, threads: Int) throws -> [[Float]] {
      let model = try PictureModel(PlanFile(plan), threads: threads)
      return try model.pictures(
        .init(prompt: "a red cat", steps: 2, guidance: 4, seed: 11, samples: samples))
    }
    let all = try pictures(0..<3, threads: 2)
    #expect(try pictures(0..<1, threads: 1) == Array(all[..<1]))
    #expect(try pictures(2..<3, threads: 2) == [all[2]])
    #expect(Set(all).count == 3)
  }
}
