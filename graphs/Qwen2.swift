import ActFormats
import ActIR

/// Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases on queries, keys and values.
let qwen2 = Architecture("Qwen2ForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration)
  c.biases = [.q, .k, .v]
  guard try !configuration.flag("use_sliding_window", default: false) else {
    throw FileError.unsupported(
      configuration.path, "use_sliding_window", "attention to a window is not supported",
      next: "set it to false where the texts are shorter than the window")
  }
  var b = ModelBuilder(name: "qwen2", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
