import ActFormats
import ActIR

/// The mixtures of experts among Qwen3 (arXiv 2505.09388): Qwen3 with experts in some layers, and one window for all.
let qwen3MoE = Architecture("Qwen3MoeForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration, .init(keyValueHeads: 4, context: 32_768))
  if try configuration.flag("attention_bias", default: false) { c.biases = [.qkv, .output] }
  let window =
    try configuration.flag("use_sliding_window", default: false)
    ? try configuration.slidingWindow(default: 4096) : nil
  configuration.disregard("sliding_window", "max_window_layers")
  c.windows = Array(repeating: window ?? 0, count: c.decoder.layers)
  c.normalizesHeads = true
  c.experts = try MixtureOfExperts(
    configuration, countKeys: ["num_experts", "num_local_experts"], fallback: (128, 8),
    inner: try configuration.size("moe_intermediate_size", default: 768),
    normalizesWeights: try configuration.flag("norm_topk_prob", default: false),
    layers: try configuration.sparseLayers(of: c.decoder.layers))
  var b = ModelBuilder(name: "qwen3_moe", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
// As of Qwen3.
.holding(.attentionBias(unread: [.vllm: ["self_attn.o_proj"]], unsupportedBy: [.llamaCpp]), .ownHead())
