import ActFormats
import ActIR

/// Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases on queries, keys and values, and windows in later layers.
let qwen2 = Architecture("Qwen2ForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration, .init(context: 32_768))
  c.biases = .qkv
  c.windows = try configuration.qwenWindows(layers: c.decoder.layers)
  var b = ModelBuilder(name: "qwen2", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
.holding(
  .ownHead(),
  orAs: CheckpointKin(
    architecture: "LlamaForCausalLM", modelType: "llama",
    dropped: ["use_sliding_window", "sliding_window", "max_window_layers", "layer_types"]))
