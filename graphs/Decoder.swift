import ActFormats
import ActIR

/// The inputs of a language model.
struct DecoderInputs {
  let tokens, positions, logitRows: ValueID
}

/// What the families of decoders share: small functions from values to values, each with the sites of the modules that
/// it stands for.
extension ModelBuilder {
  /// Declares the inputs of a language model.
  mutating func decoderInputs() -> DecoderInputs {
    let tokens = input("tokens", "T", .token)
    let positions = input("positions", "T", .position)
    return DecoderInputs(
      tokens: tokens, positions: positions, logitRows: input("logit_rows", "R", .chosen))
  }

  /// The rows of the table `module.weight` that `indices` name; a tied head of the same tensor may stand in for it.
  mutating func embedding(
    _ module: String, _ rows: Int, _ width: Int, _ indices: ValueID, orTied head: String? = nil,
    isSite: Bool = true
  ) throws -> ValueID {
    let isThere = has(stored("\(module).weight"))
    let name = isThere ? "\(module).weight" : head.map { "\($0).weight" } ?? "\(module).weight"
    return graph.append(
      .embedding, try matrix(name, rows, width), indices, name: module, site: isSite ? module : nil)
  }

  /// The embedding of the tokens, `model.embed_tokens`.
  mutating func tokenEmbedding(
    _ d: DecoderConfiguration, _ inputs: DecoderInputs, isSite: Bool = true
  ) throws -> ValueID {
    try embedding(
      "model.embed_tokens", d.vocabulary, d.width, inputs.tokens, orTied: d.tiesEmbedding ? "lm_head" : nil,
      isSite: isSite)
  }

  /// Declares the result `logits`, and returns the graph: `logits` are those of the chosen rows.
  mutating func languageModel(_ logits: ValueID, context: Int) -> ModelGraph {
    graph.addResult("logits", logits)
    return ModelGraph(graph: graph, contextLength: context)
  }

  /// A head `module.weight`, or where the embedding is tied and the checkpoint has no head, the table of `embedding`.
  mutating func head(
    _ x: ValueID, _ vocabulary: Int, tied embedding: ValueID?, module: String = "lm_head", bias: Bool = false
  ) throws -> ValueID {
    let width = graph.type(x).shape.last!.fixed!
    guard let embedding, !has(stored("\(module).weight")) else {
      return try linear(x, module, vocabulary, width, bias: bias)
    }
    var inputs = [input(x, of: module), graph[embedding].inputs[0]]
    if bias { inputs.append(try vector("\(module).bias", vocabulary)) }
    return graph.append(.linear, inputs, name: module, site: module)
  }

  /// The head `lm_head`, which may be tied to the embedding.
  mutating func head(
    _ x: ValueID, _ d: DecoderConfiguration, _ embedding: ValueID, bias: Bool = false
  ) throws -> ValueID {
    try head(x, d.vocabulary, tied: d.tiesEmbedding ? embedding : nil, bias: bias)
  }

  /// Queries, keys and values: `q_proj`, `k_proj` and `v_proj` of a module.
  mutating func projections(
    _ x: ValueID, _ module: String, _ heads: AttentionHeads, bias: Bool
  ) throws -> (q: ValueID, k: ValueID, v: ValueID) {
    let (x, width) = (input(x, of: module), graph.type(x).shape.last!.fixed!)
    return (
      try linear(x, "\(module).q_proj", heads.queryChannels, width, bias: bias),
      try linear(x, "\(module).k_proj", heads.keyChannels, width, bias: bias),
      try linear(x, "\(module).v_proj", heads.keyChannels, width, bias: bias)
    )
  }

  /// Attention of the queries over the keys and values of the rows so far, which go to the cache of `layer`.
  mutating func attention(
    _ q: ValueID, _ k: ValueID, _ v: ValueID, _ heads: AttentionHeads, layer: Int, _ module: String,
    scale: Float? = nil, window: Int = 0, softCap: Float = 0
  ) -> ValueID {
    let keysAndValues = graph.append(
      .kvAppend(KeyValues(heads: heads.keyValueCount, headWidth: heads.width), cache: layer), k, v,
      name: "\(module).kv")
    let attention = Attention(scale: scale ?? heads.scale, window: window, softCap: softCap)
    return graph.append(.attention(attention), q, keysAndValues, name: module)
  }

  /// The heads of x, rotated by what `table` has for each row.
  mutating func rotated(
    _ x: ValueID, _ table: ValueID, _ heads: AttentionHeads, _ name: String, pairs: RotaryPairs = .halves
  ) -> ValueID {
    graph.append(.rope(headWidth: heads.width, pairs: pairs), x, table, name: name)
  }

  /// x as heads `[T,H,W]`.
  mutating func split(_ x: ValueID, _ heads: AttentionHeads) -> ValueID {
    let type = graph.type(x)
    let count = type.shape.last!.fixed! / heads.width
    return graph.append(
      .reshape(type.shape.dropLast() + [.fixed(count), .fixed(heads.width)]), x,
      name: "\(graph[x].name).heads")
  }

  /// Heads side by side in a row.
  mutating func joined(_ x: ValueID) -> ValueID {
    let shape = graph.type(x).shape
    let channels = shape.dropFirst().reduce(1) { $0 * $1.fixed! }
    return graph.append(.reshape([shape[0], .fixed(channels)]), x, name: "\(graph[x].name).rows")
  }

  /// Columns of x from `start` on.
  mutating func columns(_ x: ValueID, from start: Int, _ count: Int, _ name: String) -> ValueID {
    graph.append(.slice(start: start, count: count), x, name: name)
  }

  /// An MLP whose activated gate multiplies what goes up, `gate_proj`, `up_proj` and `down_proj` of a module.
  mutating func gatedMLP(
    _ x: ValueID, _ module: String, _ inner: Int, _ activation: Activation, bias: Bool = false
  ) throws -> ValueID {
    let (x, width) = (input(x, of: module), graph.type(x).shape.last!.fixed!)
    let gate = try linear(x, "\(module).gate_proj", inner, width, bias: bias)
    let up = try linear(x, "\(module).up_proj", inner, width, bias: bias)
    let active = activation.append(to: &graph, gate, name: "\(module).act_fn", site: "\(module).act_fn")
    let product = graph.append(.binary(.mul), active, up, name: module)
    return try linear(product, "\(module).down_proj", width, inner, bias: bias)
  }

  /// An MLP of two layers with an activation between.
  mutating func plainMLP(
    _ x: ValueID, _ module: String, _ inner: Int, _ activation: Activation, up: String, act: String,
    down: String
  ) throws -> ValueID {
    let (x, width) = (input(x, of: module), graph.type(x).shape.last!.fixed!)
    let raised = try linear(x, "\(module).\(up)", inner, width, bias: true)
    let active = activation.append(to: &graph, raised, name: "\(module).\(act)", site: "\(module).\(act)")
    return try linear(active, "\(module).\(down)", width, inner, bias: true)
  }

  /// a + b, as the site of its name where `isSite` says so.
  mutating func sum(_ a: ValueID, _ b: ValueID, _ name: String, isSite: Bool = false) -> ValueID {
    graph.append(.binary(.add), a, b, name: name, site: isSite ? name : nil)
  }

  /// x times a number.
  mutating func scaled(_ x: ValueID, by factor: Double, _ name: String, isSite: Bool = false) -> ValueID {
    let factor = graph.append(.constant(Float(factor)), name: "\(name).factor")
    return graph.append(.binary(.mul), x, factor, name: name, site: isSite ? name : nil)
  }

  /// `cap · tanh(x / cap)`.
  mutating func softCapped(_ x: ValueID, at cap: Double, _ name: String) -> ValueID {
    let cap = graph.append(.constant(Float(cap)), name: "\(name).cap")
    let share = graph.append(.binary(.div), x, cap, name: "\(name).share")
    let bounded = graph.append(.unary(.tanh), share, name: "\(name).bounded")
    return graph.append(.binary(.mul), bounded, cap, name: name)
  }
}
