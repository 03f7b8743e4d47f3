/// Gemma, whose converter adds 1 to the weights of norms, as the model's code does.
let ggufGemma = GGUFFamily("gemma", "GemmaForCausalLM", modelType: "gemma") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true, activation: ("hidden_act", "gelu_pytorch_tanh"))
  try b.rotaryPositions(d, GGUFRotaryKeys(hasBase: false))
  try b.gemmaTensors(d, norms: [("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")])
}

/// Gemma 2.
let ggufGemma2 = GGUFFamily("gemma2", "Gemma2ForCausalLM", modelType: "gemma2") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true, activation: ("hidden_activation", "gelu_pytorch_tanh"))
  try b.rotaryPositions(d, GGUFRotaryKeys(hasBase: false))
  try b.gemmaScores(d, largestLayers: 46)
  for (key, name, fallback) in [
    ("attn_logit_softcapping", "attn_logit_softcapping", "50.0"),
    ("final_logit_softcapping", "final_logit_softcapping", "30.0"),
  ] {
    b.set(name, try b.number(key, in: 1e-3...1e6) ?? .number(fallback))
  }
  try b.gemmaTensors(d, norms: gemmaSandwich)
  try b.gemmaWindows(d, try b.size("attention.sliding_window", default: 4096), .period(2))
}

/// The text model of Gemma 3.
let ggufGemma3 = GGUFFamily("gemma3", "Gemma3ForCausalLM", modelType: "gemma3_text") { b throws(FileError) in
  let d = try b.decoder(.rms, hasHeadWidth: true, activation: ("hidden_activation", "gelu_pytorch_tanh"))
  try b.rotaryPositions(d)
  b.set(
    "rope_local_base_freq", try b.number("rope.freq_base_swa", in: SaneRange.rotaryBase) ?? .number("10000.0")
  )
  try b.gemmaScores(d, largestLayers: 62)
  b.set("final_logit_softcapping", try b.number("final_logit_softcapping", in: 1e-3...1e6) ?? .null)
  try b.gemmaTensors(d, norms: gemmaSandwich)
  let window = try b.count("attention.sliding_window", default: 0)
  try b.gemmaWindows(d, window == 0 ? nil : window, .period(6))
  for layer in 0..<d.layers {
    for part in ["q", "k"] {
      try b.norm(
        "blk.\(layer).attn_\(part)_norm", as: "model.layers.\(layer).self_attn.\(part)_norm", d.headWidth,
        plusOne: true)
    }
  }
}

/// The norms of a layer that has them before and after attention and MLP.
private let gemmaSandwich = [
  ("attn_norm", "input_layernorm"), ("post_attention_norm", "post_attention_layernorm"),
  ("ffn_norm", "pre_feedforward_layernorm"), ("post_ffw_norm", "post_feedforward_layernorm"),
]

extension GGUFModelBuilder {
  /// Files do not have the scale of scores: it is the width of a head, but in the largest model, which is told by its
  /// layers, the share of a head in the stream.
  fileprivate mutating func gemmaScores(_ d: GGUFDecoder, largestLayers: Int) throws(FileError) {
    set("query_pre_attn_scalar", .int(d.layers == largestLayers ? d.width / d.heads : d.headWidth))
  }

  /// Says which layers see a window. After the tensors, which show that there are so many layers.
  fileprivate mutating func gemmaWindows(
    _ d: GGUFDecoder, _ window: Int?, _ usual: WindowPattern
  ) throws(FileError) {
    let pattern = try pattern("attention.sliding_window_pattern", layers: d.layers) ?? usual
    set("sliding_window", window.map(JSON.int) ?? .null)
    set(
      "layer_types",
      .array(
        (0..<d.layers).map { layer in
          .string(window != nil && pattern.isWindowed(layer) ? "sliding_attention" : "full_attention")
        }))
  }

  fileprivate mutating func gemmaTensors(
    _ d: GGUFDecoder, norms: [(source: String, target: String)]
  ) throws(FileError) {
    let hasBias = projectionsHaveBias
    set("attention_bias", .bool(hasBias))
    try embeddingAndHead(d)
    for layer in 0..<d.layers {
      let (block, target) = ("blk.\(layer)", "model.layers.\(layer)")
      for norm in norms {
        try self.norm("\(block).\(norm.source)", as: "\(target).\(norm.target)", d.width, plusOne: true)
      }
      try projections(layer, d, as: "\(target).self_attn", bias: hasBias)
      try linear(
        "\(block).attn_output", as: "\(target).self_attn.o_proj", d.width, d.queryChannels, bias: hasBias)
      try gatedMLP(layer, d, as: "\(target).mlp")
    }
    try norm("output_norm", as: "model.norm", d.width, plusOne: true)
  }
}
