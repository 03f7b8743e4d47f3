import ActFormats
import ActIR

/// The mixtures of experts among Qwen1.5 and Qwen2 (arXiv 2407.10671): Qwen2 with experts in some layers, beside one that
/// every token runs through.
let qwen2MoE = Architecture("Qwen2MoeForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(configuration, .init(keyValueHeads: 16, context: 32_768))
  if try configuration.flag("qkv_bias", default: true) { c.biases = .qkv }
  // Unlike Qwen2's, windows are of every other layer, and of those before `max_window_layers`.
  c.windows = try configuration.qwenWindows(layers: c.decoder.layers) { $0 % 2 == 0 && $0 < $1 }
  var experts = try MixtureOfExperts(
    configuration, countKeys: ["num_experts"], fallback: (60, 4),
    inner: try configuration.size("moe_intermediate_size", default: 1408),
    normalizesWeights: try configuration.flag("norm_topk_prob", default: false),
    layers: try configuration.sparseLayers(of: c.decoder.layers))
  experts.sharedInner = try configuration.size("shared_expert_intermediate_size", default: 5632)
  c.experts = experts
  var b = ModelBuilder(name: "qwen2_moe", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
