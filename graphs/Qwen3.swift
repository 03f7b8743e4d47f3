import ActFormats
import ActIR

/// Qwen3 (arXiv 2505.09388): Llama with norms of each head's queries and keys, and windows in later layers.
let qwen3 = Architecture("Qwen3ForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration, .init(headWidth: 128, context: 32_768))
  if try configuration.flag("attention_bias", default: false) { c.biases = [.qkv, .output] }
  c.windows = try configuration.qwenWindows(layers: c.decoder.layers)
  c.normalizesHeads = true
  var b = ModelBuilder(name: "qwen3", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
// vLLM gives `o_proj` no bias and skips the tensor; llama.cpp fails on it.
.holding(.attentionBias(unread: [.vllm: ["self_attn.o_proj"]], unsupportedBy: [.llamaCpp]), .ownHead())
