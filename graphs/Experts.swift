import ActFormats
import ActIR

/// A mixture of experts in place of a gated MLP (arXiv 1701.06538): a router chooses some experts for each token, whose
/// outputs are weighted by their scores and summed.
struct MixtureOfExperts {
  /// Experts of a layer, and how many of them a token runs through.
  var count, chosenCount: Int
  /// Channels between the layers of an expert.
  var inner: Int
  /// Whether the weights of the chosen experts sum to 1; else the scores of all experts do.
  var normalizesWeights: Bool
  /// Channels between the layers of `shared_expert`, which every token runs through; nil where there is none.
  var sharedInner: Int?
  /// The layers that have experts; others have an MLP.
  var layers: Set<Int>
  /// What the checkpoint may call the block, `mlp`, and what an expert's layers.
  var checkpointBlocks = ["mlp"]
  var gate = "gate_proj"
  var up = "up_proj"
  var down = "down_proj"

  /// Reads how many experts there are and how many of them a token runs through, of which `fallback` says what counts
  /// where the file does not; `countKeys` are the keys that may say the former, the family's own first.
  init(
    _ c: Configuration, countKeys: [String], fallback: (count: Int, chosen: Int), inner: Int,
    normalizesWeights: Bool, layers: Set<Int>
  ) throws {
    let counts = try countKeys.filter(c.has).map { (key: $0, count: try c.count($0, default: 0)) }
    count = counts.first?.count ?? fallback.count
    if let other = counts.first(where: { $0.count != counts[0].count }) {
      throw c.failure(other.key, "\(counts[0].count), as \(counts[0].key) says")
    }
    chosenCount = try c.size("num_experts_per_tok", default: fallback.chosen)
    guard count == 0 || chosenCount <= count else {
      throw c.failure("num_experts_per_tok", "at most the \(count) experts")
    }
    // Without experts every layer has an MLP.
    self.layers = count == 0 ? [] : layers
    self.inner = inner
    self.normalizesWeights = normalizesWeights
    // What is added to the loss or returned beside the logits, and noise of the training.
    c.disregard("router_aux_loss_coef", "output_router_logits", "router_jitter_noise")
  }
}

extension Configuration {
  /// The layers that have experts in the Qwen models: every `decoder_sparse_step`-th but for `mlp_only_layers`.
  func sparseLayers(of layers: Int) throws -> Set<Int> {
    let step = try size("decoder_sparse_step", default: 1)
    let dense = Set(try counts("mlp_only_layers") ?? [])
    return Set((0..<layers).filter { ($0 + 1) % step == 0 && !dense.contains($0) })
  }
}

extension ModelBuilder {
  /// A mixture of experts, the block `mlp` of a layer.
  ///
  /// Its sites are the router `gate`, whose value is the scores of all experts; of the experts together each layer,
  /// `experts.gate_proj` and so on, with a row for each expert that a token chose; their sum `experts`; and the block.
  mutating func mixture(_ x: ValueID, _ layer: String, _ m: MixtureOfExperts, _ activation: Activation) throws
    -> ValueID
  {
    let width = graph.type(x).shape.last!.fixed!
    let module = "\(layer).mlp"
    let blocks = m.checkpointBlocks.map { "\(layer).\($0)" }
    let block = blocks.first { has(stored("\($0).gate.weight")) } ?? blocks[0]
    let router = try matrix("\(block).gate.weight", m.count, width)
    let x = input(x, of: module)
    let scores = graph.append(
      .linear, input(x, of: "\(module).gate"), router, name: "\(module).gate", site: "\(module).gate")
    let shares = graph.append(.softmax, scores, name: "\(module).shares")
    let chosen = graph.append(.choose(count: m.chosenCount), shares, name: "\(module).chosen")
    var weights = graph.append(.takeChannels, shares, chosen, name: "\(module).weights")
    if m.normalizesWeights {
      let sum = graph.append(.reduce(.sum), weights, name: "\(module).weights.sum")
      weights = graph.append(.binary(.div), weights, sum, name: "\(module).weights.normalized")
    }

    let experts = "\(module).experts"
    let inner = try innerExperts(input(x, of: experts), chosen, experts, "\(block).experts", m, activation)
    let matrices = try downMatrices("\(block).experts", m, width)
    let down = graph.append(
      .expertLinear, input(inner, of: "\(experts).down_proj"), matrices, chosen, name: "\(experts).down_proj",
      site: "\(experts).down_proj")
    let sum = graph.append(.weightedSum, down, weights, name: experts, site: experts)
    guard let sharedInner = m.sharedInner else {
      // The block gives what its experts give.
      return graph.append(.reshape(graph.type(x).shape), sum, name: module, site: module)
    }
    let shared = try gatedMLP(x, "\(module).shared_expert", sharedInner, activation)
    let gate = try linear(x, "\(module).shared_expert_gate", 1, width, bias: false)
    let share = graph.append(.unary(.sigmoid), gate, name: "\(module).shared_expert.share")
    let part = graph.append(.binary(.mul), share, shared, name: "\(module).shared_expert")
    return self.sum(sum, part, module, isSite: true)
  }

  /// What the last layers of experts read: what goes up, times the activated gate. Both are one layer, as in the
  /// framework.
  private mutating func innerExperts(
    _ x: ValueID, _ chosen: ValueID, _ experts: String, _ stored: String, _ m: MixtureOfExperts,
    _ activation: Activation
  ) throws -> ValueID {
    let both = graph.append(
      .expertLinear, x, try gateAndUpMatrices(stored, m, graph.type(x).shape.last!.fixed!), chosen,
      name: "\(experts).gate_up_proj")
    func part(_ name: String, from start: Int) -> ValueID {
      graph.append(
        .slice(start: start, count: m.inner), both, name: "\(experts).\(name)", site: "\(experts).\(name)")
    }
    let (gate, up) = (part("gate_proj", from: 0), part("up_proj", from: m.inner))
    let active = activation.append(to: &graph, gate, name: "\(experts).act_fn", site: "\(experts).act_fn")
    return graph.append(.binary(.mul), active, up, name: "\(experts).inner")
  }

  /// The matrices of gate and up of each expert, `[E,2·inner,width]`. Most checkpoints have them apart.
  private mutating func gateAndUpMatrices(_ stored: String, _ m: MixtureOfExperts, _ width: Int) throws
    -> ValueID
  {
    if has(self.stored("\(stored).gate_up_proj")) {
      return try weight("\(stored).gate_up_proj", [m.count, 2 * m.inner, width])
    }
    let pairs = try (0..<m.count).map { expert in
      try [m.gate, m.up].map { try matrix("\(stored).\(expert).\($0).weight", m.inner, width) }
    }
    let alike = alike(pairs.flatMap { $0 })
    let matrices = (0..<m.count).map { expert in
      graph.append(
        .concat(), alike[2 * expert], alike[2 * expert + 1], name: "\(stored).\(expert).gate_up_proj.weight")
    }
    return graph.append(.stack, matrices, name: "\(stored).gate_up_proj")
  }

  /// The matrices of the last layer of each expert, `[E,width,inner]`.
  private mutating func downMatrices(_ stored: String, _ m: MixtureOfExperts, _ width: Int) throws -> ValueID
  {
    if has(self.stored("\(stored).down_proj")) {
      return try weight("\(stored).down_proj", [m.count, width, m.inner])
    }
    let matrices = try (0..<m.count).map { try matrix("\(stored).\($0).\(m.down).weight", width, m.inner) }
    return graph.append(.stack, alike(matrices), name: "\(stored).down_proj")
  }

  /// Matrices in one element type: those to which adapters add are wider than others.
  private mutating func alike(_ matrices: [ValueID]) -> [ValueID] {
    guard Set(matrices.map { graph.type($0).dtype }).count > 1 else { return matrices }
    return matrices.map { matrix in
      graph.type(matrix).dtype == .f32
        ? matrix : graph.append(.cast(.f32), matrix, name: "\(graph[matrix].name).wide")
    }
  }
}
