import ActFormats
import ActIR

/// Mistral (arXiv 2310.06825): Llama, each of whose layers sees a window of the latest positions.
let mistral = Architecture("MistralForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration, .init(keyValueHeads: 8, context: 131_072))
  let window = try configuration.slidingWindow(default: 4096)
  c.windows = Array(repeating: window ?? 0, count: c.decoder.layers)
  var b = ModelBuilder(name: "mistral", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
.holding(
  .ownHead(),
  orAs: CheckpointKin(
    architecture: "LlamaForCausalLM", modelType: "llama", dropped: ["sliding_window", "layer_types"]))
