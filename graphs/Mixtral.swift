import ActFormats
import ActIR

/// Mixtral (arXiv 2401.04088): Mistral with a mixture of experts in every layer.
let mixtral = Architecture("MixtralForCausalLM") { configuration, weightType in
  var c = try LlamaConfiguration(
    configuration, .init(keyValueHeads: 8, context: 131_072, eps: 1e-5), rope: .init(base: 1_000_000))
  let window = try configuration.slidingWindow(default: nil)
  c.windows = Array(repeating: window ?? 0, count: c.decoder.layers)
  var experts = try MixtureOfExperts(
    configuration, countKeys: ["num_local_experts", "num_experts"], fallback: (8, 2),
    inner: c.decoder.inner, normalizesWeights: true, layers: Set(0..<c.decoder.layers))
  experts.checkpointBlocks = ["block_sparse_moe", "mlp"]
  (experts.gate, experts.up, experts.down) = ("w1", "w3", "w2")
  c.experts = experts
  var b = ModelBuilder(name: "mixtral", configuration: configuration, weightType: weightType)
  return try b.llamaModel(c)
}
