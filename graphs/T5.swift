import ActFormats
import ActIR

/// The encoder of T5 (arXiv 1910.10683), which knows positions by a bias of attention alone, that of its first layer.
///
/// Of a checkpoint that has a decoder too, the decoder is not read.
let t5 = Architecture(
  "T5EncoderModel", "T5ForConditionalGeneration", "T5Model", otherHeads: T5Configuration.otherTensors
) { configuration, weightType in
  try t5Encoder(T5Configuration(configuration, feedForward: "relu"), configuration, weightType)
}

/// T5 over a hundred languages (arXiv 2010.11934): with gates.
let mt5 = Architecture(
  "MT5EncoderModel", "MT5ForConditionalGeneration", "MT5Model", otherHeads: T5Configuration.otherTensors
) { configuration, weightType in
  try t5Encoder(T5Configuration(configuration, feedForward: "gated-gelu"), configuration, weightType)
}

/// T5 of the languages of UniMax (arXiv 2304.09151): each layer has a bias of its own.
let umt5 = Architecture(
  "UMT5EncoderModel", "UMT5ForConditionalGeneration", "UMT5Model", otherHeads: T5Configuration.otherTensors
) { configuration, weightType in
  var c = try T5Configuration(configuration, feedForward: "gated-gelu")
  c.sharesBias = false
  return try t5Encoder(c, configuration, weightType)
}

private func t5Encoder(
  _ c: T5Configuration, _ configuration: Configuration, _ weightType: @escaping (String) -> TensorType?
) throws -> ModelGraph {
  var b = ModelBuilder(name: "t5", configuration: configuration, weightType: weightType)
  b.graph.addResult("last_hidden_state", try b.t5States(c))
  return ModelGraph(graph: b.graph, contextLength: c.context)
}

extension ModelBuilder {
  fileprivate mutating func t5States(_ c: T5Configuration) throws -> ValueID {
    let tokens = input("tokens", "T", .token)
    var h = try embedding("encoder.embed_tokens", c.vocabulary, c.width, tokens, orTied: "shared")
    var bias: ValueID?
    for layer in 0..<c.layers {
      let block = "encoder.block.\(layer)"
      if !c.sharesBias || layer == 0 { bias = try t5Bias(c, "\(block).layer.0.SelfAttention") }
      h = try t5Attention(input(h, of: block), c, bias, "\(block).layer.0")
      h = try t5FeedForward(h, c, "\(block).layer.1", block: block)
    }
    return try rmsNorm(h, "encoder.final_layer_norm", eps: c.eps)
  }

  /// The bias of attention of each head for each relative position, `f32[H,2·distance+1]`.
  private mutating func t5Bias(_ c: T5Configuration, _ attention: String) throws -> ValueID {
    let name = "\(attention).relative_attention_bias"
    let table = try matrix("\(name).weight", c.buckets, c.heads)
    let rows = graph.append(.relativeRows(distance: c.distance), table, name: "\(name).rows")
    return graph.append(.permute([1, 0]), rows, name: name)
  }

  private mutating func t5Attention(
    _ x: ValueID, _ c: T5Configuration, _ bias: ValueID?, _ prefix: String
  ) throws -> ValueID {
    let attention = "\(prefix).SelfAttention"
    let channels = c.heads * c.headWidth
    let x = input(x, of: prefix)
    let n = try rmsNorm(x, "\(prefix).layer_norm", eps: c.eps)
    let q = try linear(n, "\(attention).q", channels, c.width, bias: false)
    let k = try linear(n, "\(attention).k", channels, c.width, bias: false)
    let v = try linear(n, "\(attention).v", channels, c.width, bias: false)
    let mixed = self.attention(q, k, v, heads: c.heads, scale: 1, bias: bias, name: attention)
    let o = try linear(mixed, "\(attention).o", c.width, channels, bias: false)
    return sum(x, o, prefix, isSite: true)
  }

  private mutating func t5FeedForward(
    _ x: ValueID, _ c: T5Configuration, _ prefix: String, block: String
  ) throws -> ValueID {
    let dense = "\(prefix).DenseReluDense"
    let n = try rmsNorm(x, "\(prefix).layer_norm", eps: c.eps)
    let first = try linear(n, "\(dense).\(c.isGated ? "wi_0" : "wi")", c.inner, c.width, bias: false)
    var inner = c.activation.append(to: &graph, first, name: "\(dense).act", site: "\(dense).act")
    if c.isGated {
      let up = try linear(n, "\(dense).wi_1", c.inner, c.width, bias: false)
      inner = graph.append(.binary(.mul), inner, up, name: dense)
    }
    let outer = try linear(inner, "\(dense).wo", c.width, c.inner, bias: false)
    return sum(x, outer, block, isSite: true)
  }
}

private struct T5Configuration {
  /// How the names of tensors begin that the encoder does not read: the decoder with its head, and, where the encoder has
  /// an embedding of its own, that of the decoder.
  static let otherTensors = ["decoder.", "lm_head.", "shared."]

  var width, inner, layers, heads, headWidth, vocabulary, buckets, distance, context: Int
  var eps: Float
  var activation: Activation
  var isGated: Bool
  /// Whether all layers have the bias of the first.
  var sharesBias = true

  init(_ c: Configuration, feedForward: String) throws {
    width = try c.size("d_model", default: 512)
    inner = try c.size("d_ff", default: feedForward == "relu" ? 2048 : 1024)
    layers = try c.size("num_layers", default: feedForward == "relu" ? 6 : 8)
    heads = try c.size("num_heads", default: feedForward == "relu" ? 8 : 6)
    headWidth = try c.size("d_kv", default: 64)
    vocabulary = try c.size("vocab_size", default: feedForward == "relu" ? 32128 : 250_112)
    buckets = try c.size("relative_attention_num_buckets", default: 32)
    distance = try c.size("relative_attention_max_distance", default: 128)
    // Any text has relative positions: the number is that of the training.
    context = try c.wantedContext ?? c.size("n_positions", default: 512)
    eps = Float(try c.number("layer_norm_epsilon", in: SaneRange.epsilon, default: 1e-6))

    let key = "feed_forward_proj"
    let projection = try c.string(key, default: feedForward)
    let parts = projection.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2 && parts[0] == "gated" else {
      throw c.failure(key, "ACTIVATION or gated-ACTIVATION")
    }
    // These are computed from that one, and hold where a configuration has them.
    isGated = try c.flag("is_gated_act", default: parts.count == 2)
    let name = projection == "gated-gelu" ? "gelu_new" : String(parts[parts.count - 1])
    activation =
      c.has("dense_act_fn")
      ? try Activation(c, "dense_act_fn", default: name) : try Activation(c, key, named: name)

    guard buckets >= RelativePositions.leastBuckets else {
      throw c.failure(
        "relative_attention_num_buckets", "an integer from \(RelativePositions.leastBuckets)")
    }
    let distances = RelativePositions.distances(buckets: buckets)
    guard distances.contains(distance) else {
      throw c.failure(
        "relative_attention_max_distance",
        "an integer from \(distances.lowerBound), past the positions that have a bucket each, to "
          + "\(RelativePositions.largestDistance)"
      )
    }
    // What concerns the decoder and its head, and what the published code does not read.
    c.disregard(
      "is_encoder_decoder", "num_decoder_layers", "tie_word_embeddings", "scale_decoder_outputs",
      "dropout_rate", "output_past", "scalable_attention", "n_positions")
  }
}
