import ActCompile
import ActDiffusion
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import Testing
import Workbench

extension PictureModel.Request {
  /// What a file of `Scripts/make-tiny-pipelines.py` says that its two pictures were made of.
  init(recordedIn file: SafetensorsFile, for model: PictureModel) throws {
    self.init(
      prompt: file.metadata("prompt") ?? "", steps: try #require(Int(file.metadata("steps") ?? "")),
      guidance: try #require(Double(file.metadata("guidance") ?? "")), seed: 0, samples: 0..<2)
    negativePrompt = file.metadata("negative_prompt")
    latents = try Latents(reading: file.path, shape: model.latentShape, count: 2)
  }
}

extension TemporaryDirectory {
  /// Writes a plan of a pipeline, in f32.
  func plan(of pipeline: Pipeline) throws -> String {
    let (networks, described) = try pipeline.forPlan()
    let plan = file("pipeline.plan")
    try CompiledModel.write(
      networks.map { network in
        var options = CompileOptions()
        options.weights = .f32
        options.lowering.cacheType = .f32
        options.lowering.maximumRows = max(512, described.textRows(of: network))
        return try network.compile(MapSet(), options)
      }, to: plan, texts: PlanTexts(tokenizers: networks.compactMap(pipeline.tokenizer)), pipeline: described,
      provenance: .object([]))
    return plan
  }
}
