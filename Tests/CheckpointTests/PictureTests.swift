import ActCompile
import ActDiffusion
import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// A small pipeline against the pictures that `diffusers` makes with it (`Scripts/make-tiny-pipelines.py`).
@Suite struct PictureTests {
  private static let size = ImageSize(width: 24, height: 16)
  private let directory: TemporaryDirectory
  private let plan: String

  init() throws {
    directory = try TemporaryDirectory()
    plan = directory.file("sd.plan")
    let pipeline = try Pipeline(PipelineFolder(fixture("tiny-sd")), size: Self.size)
    let (networks, described) = try pipeline.forPlan()
    var options = CompileOptions()
    options.weights = .f32
    options.lowering.cacheType = .f32
    try CompiledModel.write(
      networks.map { try $0.compile(MapSet(), options) }, to: plan,
      texts: PlanTexts(tokenizers: networks.compactMap(pipeline.tokenizer)), pipeline: described,
      provenance: .object([]))
  }

  /// To half a grey level.
  @Test(arguments: ["ddim", "plain", "euler", "pndm", "dpm"], [true, false])
  func equalsDiffusers(run: String, batchesGuidance: Bool) throws {
    let path = fixture("tiny-sd/\(run).safetensors")
    let file = try SafetensorsFile(path)
    let scheduler = file.metadata("scheduler") ?? ""
    let model = try PictureModel(PlanFile(plan), threads: 2, scheduler: scheduler.isEmpty ? nil : scheduler)
    #expect([model.width, model.height] == [24, 16] && model.latentShape == [4, 8, 12])
    var request = PictureModel.Request(
      prompt: file.metadata("prompt") ?? "", steps: try #require(Int(file.metadata("steps") ?? "")),
      guidance: try #require(Double(file.metadata("guidance") ?? "")), seed: 0, samples: 0..<2)
    request.negativePrompt = file.metadata("negative_prompt") ?? ""
    request.batchesGuidance = batchesGuidance
    request.latents = try Latents(reading: path, shape: model.latentShape, count: 2)
    let pictures = try model.pictures(request).flatMap { $0 }.map { min(max($0, 0), 1) }
    let info = try #require(file["image"])
    let expected = Array(file.bytes(of: info).bindMemory(to: Float.self))
    #expect(info.shape == [2, 3, 16, 24] && pictures.count == expected.count)
    let largest = zip(pictures, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(largest <= 0.5 / 255, "\(largest * 255) grey levels")
  }

  /// A sample does not depend on what is made beside it, nor on the number of threads, to the bit.
  @Test func samplesAreApart() throws {
    func pictures(_ samples: Range<Int>, threads: Int) throws -> [[Float]] {
      let model = try PictureModel(PlanFile(plan), threads: threads)
      return try model.pictures(.init(prompt: "a cat", steps: 2, guidance: 4, seed: 11, samples: samples))
    }
    let all = try pictures(0..<4, threads: 2)
    #expect(try pictures(0..<2, threads: 1) == Array(all[..<2]))
    #expect(try pictures(3..<4, threads: 2) == [all[3]])
    #expect(Set(all).count == 4)
  }
}
