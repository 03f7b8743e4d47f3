/// What a header says of a mixture of experts.
struct GGUFExperts {
  var count, chosenCount: Int
  /// Channels between the layers of an expert.
  var inner: Int
}

extension GGUFModelBuilder {
  /// Reads how many experts there are, whose inner layers have `inner` channels unless the file says otherwise, and sets
  /// the keys that `config.json` of all mixtures has; `countKey` is the family's own.
  mutating func experts(inner: Int, countKey: String) throws(FileError) -> GGUFExperts {
    let experts = GGUFExperts(
      count: try size("expert_count"), chosenCount: try size("expert_used_count"),
      inner: try size("expert_feed_forward_length", default: inner))
    guard experts.chosenCount <= experts.count else {
      throw failure("expert_used_count", "expected at most the \(experts.count) experts")
    }
    set(countKey, .int(experts.count))
    set("num_experts_per_tok", .int(experts.chosenCount))
    return experts
  }

  /// Adds the router `gate` and the experts of a layer, which the file has one after the other and the checkpoint apart:
  /// `experts.E` with the layers `gate`, `up` and `down`.
  mutating func mixture(
    _ layer: Int, _ experts: GGUFExperts, _ d: GGUFDecoder, as module: String, gate: String, up: String,
    down: String
  ) throws(FileError) {
    let block = "blk.\(layer)"
    try linear("\(block).ffn_gate_inp", as: "\(module).gate", experts.count, d.width)
    for (part, target, rows, columns) in [
      ("gate", gate, experts.inner, d.width), ("up", up, experts.inner, d.width),
      ("down", down, d.width, experts.inner),
    ] {
      for expert in 0..<experts.count {
        try tensor(
          "\(block).ffn_\(part)_exps.weight", as: "\(module).experts.\(expert).\(target).weight",
          [rows, columns], stored: [experts.count, rows, columns], GGUFLayout(firstRow: expert * rows))
      }
    }
  }
}
