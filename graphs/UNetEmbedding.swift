import ActFormats
import ActIR

/// How a denoising UNet embeds the time of a sample, and what else concerns the whole of it.
struct UNetEmbedding {
  /// How a number becomes channels.
  enum Time {
    case positional(Timesteps)
    /// By learned frequencies, so many channels.
    case fourier(width: Int)
  }

  /// What embeds `class_labels`.
  enum Classes {
    /// The rows of a table.
    case table(Int)
    /// Layers over the embedding of a number, as of time.
    case time
    /// Nothing: they are embeddings.
    case identity
    /// Layers over so many channels.
    case layers(Int)
    /// One layer over so many channels.
    case layer(Int)
  }

  /// What embeds `text_embeds` and `time_ids`: so many channels and numbers, each of which becomes channels.
  struct TextAndTimes {
    var width, count: Int
    var timesteps: Timesteps
  }

  /// What is added to the embedding of time and classes.
  enum Added {
    case textAndTimes(TextAndTimes)
    /// Of the rows of text, so wide, pooled by attention.
    case text(width: Int, heads: Int)
    /// Of a pooled text and a pooled image, both so wide.
    case textAndImage(width: Int)
    /// Of a pooled image, so wide.
    case image(width: Int)
  }

  var time: Time
  var startsWithCosines: Bool
  /// The channels of the embedding, before that of classes stands beside it.
  var width: Int
  var activation: Activation
  /// After the second layer of time, and after the sum of all.
  var last, whole: Activation?
  /// The channels of `timestep_cond`, which is added to the embedding of time.
  var conditionWidth: Int?
  var classes: Classes?
  /// Whether the embedding of classes stands beside that of time; else it is added.
  var joinsClasses: Bool
  var added: Added?

  init(_ c: Configuration, first: Int, _ activation: Activation) throws {
    self.activation = activation
    startsWithCosines = try c.flag("flip_sin_to_cos", default: true)
    let offset = try c.number("freq_shift", in: -1e6...1e6, default: 0)
    let type = try c.string("time_embedding_type", default: "positional")
    let wanted = try c.optionalSize("time_embedding_dim")
    switch type {
    case "positional":
      width = wanted ?? 4 * first
      time = .positional(
        try Timesteps(
          c, "block_out_channels", width: first, startsWithCosines: startsWithCosines, offset: offset))
    case "fourier":
      width = wanted ?? 2 * first
      guard width.isMultiple(of: 2) else { throw c.failure("time_embedding_dim", "an even number") }
      time = .fourier(width: width)
    default:
      throw FileError.unsupported(
        c.path, "time_embedding_type", "`\(type)` is not supported", next: "known: positional, fourier")
    }
    func optionalActivation(_ key: String) throws -> Activation? {
      try c.has(key) ? Activation(c, key, default: "") : nil
    }
    last = try optionalActivation("timestep_post_act")
    whole = try optionalActivation("time_embedding_act_fn")
    conditionWidth = try c.optionalSize("time_cond_proj_dim")
    joinsClasses = try c.flag("class_embeddings_concat", default: false)
    let projected = try c.optionalSize("projection_class_embeddings_input_dim")
    classes = try Self.classes(c, projected)
    added = try Self.added(c, projected, startsWithCosines: startsWithCosines, offset: offset)
    guard !joinsClasses || classes == nil || added == nil else {
      throw c.failure("class_embeddings_concat", "false, as there is an addition_embed_type")
    }
  }

  private static func classes(_ c: Configuration, _ projected: Int?) throws -> Classes? {
    let key = "class_embed_type"
    let count = try c.optionalSize("num_class_embeds")
    guard c.has(key) else { return count.map { .table($0) } }
    let type = try c.string(key, default: "")
    switch type {
    case "timestep": return .time
    case "identity": return .identity
    case "projection", "simple_projection":
      guard let projected else {
        throw c.failure(
          "projection_class_embeddings_input_dim", "an integer, as \(key) is \(type)")
      }
      return type == "projection" ? .layers(projected) : .layer(projected)
    default:
      throw FileError.unsupported(
        c.path, key, "`\(type)` is not supported",
        next: "known: timestep, identity, projection, simple_projection")
    }
  }

  private static func added(
    _ c: Configuration, _ projected: Int?, startsWithCosines: Bool, offset: Double
  ) throws -> Added? {
    let key = "addition_embed_type"
    c.disregard("addition_time_embed_dim")
    guard c.has(key) else { return nil }
    let type = try c.string(key, default: "")
    func textWidth() throws -> Int { try c.size("cross_attention_dim", default: 1280) }
    switch type {
    case "text_time":
      return .textAndTimes(
        try textAndTimes(c, projected, startsWithCosines: startsWithCosines, offset: offset))
    case "text":
      let width = try c.optionalSize("encoder_hid_dim") ?? textWidth()
      let heads = try c.size("addition_embed_type_num_heads", default: 64)
      guard width.isMultiple(of: heads) else {
        throw c.failure("addition_embed_type_num_heads", "a divisor of the text's width \(width)")
      }
      return .text(width: width, heads: heads)
    case "text_image": return .textAndImage(width: try textWidth())
    case "image":
      guard let width = try c.optionalSize("encoder_hid_dim") else {
        throw c.failure("encoder_hid_dim", "an integer, as \(key) is \(type)")
      }
      return .image(width: width)
    default:
      throw FileError.unsupported(
        c.path, key, "`\(type)` is not supported", next: "known: text_time, text, text_image, image")
    }
  }

  private static func textAndTimes(
    _ c: Configuration, _ projected: Int?, startsWithCosines: Bool, offset: Double
  ) throws -> TextAndTimes {
    let key = "addition_embed_type"
    let each = "addition_time_embed_dim"
    let width = try c.size(each)
    guard let projected else {
      throw c.failure("projection_class_embeddings_input_dim", "an integer, as \(key) is text_time")
    }
    // The configuration says how wide all is together. Six numbers are the sizes and the crop of a picture; of SDXL's
    // refiner, whose pooled text is as wide as the text, five: its last two are one score.
    let textWidth = c.value("cross_attention_dim").map(\.int) ?? 1280
    let count = textWidth == projected - 5 * width ? 5 : 6
    guard projected > count * width else {
      throw c.failure(
        "projection_class_embeddings_input_dim", "more than \(count) times \(each) \(width)")
    }
    return TextAndTimes(
      width: projected - count * width, count: count,
      timesteps: try Timesteps(
        c, each, width: width, startsWithCosines: startsWithCosines, offset: offset))
  }
}
