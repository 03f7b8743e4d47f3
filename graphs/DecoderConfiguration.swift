import ActFormats
import ActIR

/// The heads of a decoder's attention.
struct AttentionHeads: Hashable, Sendable {
  /// Heads of the queries, and of the keys and values.
  var count, keyValueCount: Int
  /// Channels of a head.
  var width: Int

  var queryChannels: Int { count * width }
  var keyChannels: Int { keyValueCount * width }
  /// What scores are usually multiplied by: 1 / √width.
  var scale: Float { Float(1 / Double(width).squareRoot()) }

  /// As many heads of keys and values as of queries, which divide the stream between them.
  init(_ c: Configuration, _ key: String = "num_attention_heads", dividing width: Int) throws {
    count = try c.size(key)
    keyValueCount = count
    guard width % count == 0 else { throw c.failure(key, "a divisor of the width \(width)") }
    self.width = width / count
  }

  /// Heads of keys and values that several heads of queries share, of a width of their own where the file says so.
  ///
  /// `keyValueCount` and `width` are what counts where the keys are absent; a value of null is as many heads as of
  /// queries, and their share of the stream.
  init(_ c: Configuration, sharing stream: Int, keyValueCount fallback: Int? = nil, width: Int? = nil) throws
  {
    count = try c.size("num_attention_heads")
    let sharedCount = c.names("num_key_value_heads") ? nil : fallback
    keyValueCount = try c.size("num_key_value_heads", default: sharedCount ?? count)
    self.width = try c.size("head_dim", default: (c.names("head_dim") ? nil : width) ?? stream / count)
    guard count % keyValueCount == 0 else {
      throw c.failure("num_key_value_heads", "a divisor of num_attention_heads \(count)")
    }
    guard self.width > 0, self.width % 2 == 0 else { throw c.failure("head_dim", "an even size") }
  }
}

/// What most decoders have in their `config.json`, under the same keys.
struct DecoderConfiguration {
  var width, inner, layers, vocabulary: Int
  /// The longest sequence that the model was made for, before any scaling of its positions.
  var context: Int
  var heads: AttentionHeads
  var eps: Float
  var tiesEmbedding: Bool
  var activation: Activation

  /// What families of this form have where a file says nothing.
  struct Defaults {
    var keyValueHeads: Int?
    var headWidth: Int?
    var context = 2048
    var epsKey = "rms_norm_eps"
    var eps = 1e-6
    var tiesEmbedding = false
    var activationKey = "hidden_act"
    var activation = "silu"
  }

  init(_ c: Configuration, _ defaults: Defaults = Defaults()) throws {
    width = try c.size("hidden_size")
    inner = try c.size("intermediate_size")
    layers = try c.size("num_hidden_layers")
    vocabulary = try c.size("vocab_size")
    context = try c.size("max_position_embeddings", default: defaults.context)
    heads = try AttentionHeads(
      c, sharing: width, keyValueCount: defaults.keyValueHeads, width: defaults.headWidth)
    eps = Float(try c.number(defaults.epsKey, in: SaneRange.epsilon, default: defaults.eps))
    tiesEmbedding = try c.flag("tie_word_embeddings", default: defaults.tiesEmbedding)
    activation = try Activation(c, defaults.activationKey, default: defaults.activation)
  }
}

extension Configuration {
  /// How many of the latest positions each layer sees, 0 for all: as `layer_types` says, else where `isWindowed`.
  func windows(layers: Int, of window: Int?, isWindowed: (Int) -> Bool) throws -> [Int] {
    let types = try strings("layer_types")
    if let types, types.count != layers { throw failure("layer_types", "a list of \(layers) types") }
    return try (0..<layers).map { layer in
      switch types?[layer] {
      case "full_attention": return 0
      case "sliding_attention":
        guard let window else { throw failure("sliding_window", "a window for layer \(layer)") }
        return window
      case nil: return isWindowed(layer) ? window ?? 0 : 0
      case let other?:
        throw FileError.unsupported(
          path, "layer_types", "layers of `\(other)` are not supported",
          next: "known: full_attention, sliding_attention")
      }
    }
  }

  /// The windows of the Qwen models, if `use_sliding_window` says so: where `layer_types` has none, of the layers that
  /// `isWindowed` finds by `max_window_layers`, by default those from it on.
  func qwenWindows(
    layers: Int, where isWindowed: (_ layer: Int, _ limit: Int) -> Bool = { $0 >= $1 }
  ) throws -> [Int] {
    let uses = try flag("use_sliding_window", default: false)
    let window = uses ? try slidingWindow(default: 4096) : nil
    let limit = uses ? try count("max_window_layers", default: 28) : 0
    disregard("sliding_window", "max_window_layers")
    return try windows(layers: layers, of: window) { isWindowed($0, limit) }
  }

  /// `sliding_window`, nil where it is null.
  func slidingWindow(default fallback: Int?) throws -> Int? {
    names("sliding_window") ? try optionalSize("sliding_window") : fallback
  }
}
