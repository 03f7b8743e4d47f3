import ActCompile
import ArgumentParser

/// Adapters that are added to a model's weights.
struct AdapterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Add a LoRA adapter to the weights, times a weight: of PEFT, a directory or its adapter_model.safetensors; for a pipeline one of diffusers or kohya, a file; repeat the option for several.",
      valueName: "adapter[=weight]"), completion: .directory)
  var lora: [String] = []

  func validate() throws { _ = try parsed() }

  /// Opens the adapters.
  func load() throws -> [LowRankAdapter] {
    try parsed().map { try LowRankAdapter($0.path, weight: $0.weight) }
  }

  /// Opens the adapters of a pipeline.
  func loadForPipeline() throws -> [PipelineAdapter] {
    try parsed().map { try PipelineAdapter($0.path, weight: $0.weight) }
  }

  /// The path and the weight of each: what stands after the last `=` is a weight where it is a number.
  private func parsed() throws -> [(path: String, weight: Double)] {
    try lora.map { text in
      guard let index = text.lastIndex(of: "="), let weight = Double(text[text.index(after: index)...]) else {
        return (text, 1)
      }
      guard index > text.startIndex, weight.isFinite else {
        throw ValidationError("--lora: expected ADAPTER or ADAPTER=WEIGHT, found `\(text)`")
      }
      return (String(text[..<index]), weight)
    }
  }
}
