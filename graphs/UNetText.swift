import ActFormats
import ActIR

/// What a denoising UNet is given of texts and images, and what it makes of that for its blocks.
struct UNetText {
  /// Where the rows come from that blocks attend to.
  enum Source {
    /// The text as it is given.
    case own
    /// A layer over the text (`text_proj`).
    case projected
    /// A layer over the text, and rows of a pooled image (`text_image_proj`).
    case textAndImage
    /// Rows of a pooled image alone (`image_proj`).
    case image
  }

  var source: Source
  /// The width of the rows that blocks attend to; nil where none does.
  var width: Int?
  /// The width of the rows of text, `encoder_hidden_states`; nil where nothing reads them.
  var given: Int?
  /// The width of the pooled image, `image_embeds`; nil where nothing reads it.
  var image: Int?

  init(_ c: Configuration, attended: Int?, _ added: UNetEmbedding.Added?) throws {
    let hidden = try c.optionalSize("encoder_hid_dim")
    let key = "encoder_hid_dim_type"
    let type = try c.has(key) ? c.string(key, default: "") : hidden.map { _ in "text_proj" }
    let known: KeyValuePairs<String, Source> = [
      "text_proj": .projected, "text_image_proj": .textAndImage, "image_proj": .image,
    ]
    source =
      try type.map { type in
        guard let source = known.first(where: { $0.key == type })?.value else {
          throw FileError.unsupported(
            c.path, key, "`\(type)` is not supported",
            next: "known: \(known.map { $0.key }.joined(separator: ", "))")
        }
        guard hidden != nil else { throw c.failure("encoder_hid_dim", "an integer, as \(key) is \(type)") }
        return source
      } ?? .own
    // The published code makes its layer also where no block attends to the result.
    let own = try source == .own ? attended : attended ?? c.size("cross_attention_dim", default: 1280)
    width = own
    given = own.flatMap { source == .image ? nil : hidden ?? $0 }
    switch source {
    case .own, .projected: break
    case .textAndImage: image = own
    case .image: image = hidden
    }
    switch added {
    case nil, .textAndTimes: break
    case .text(let width, _): given = width
    case .textAndImage(let width), .image(let width):
      guard image == nil || image == width else {
        throw c.failure("encoder_hid_dim", "\(width), which addition_embed_type takes of an image")
      }
      image = width
    }
  }
}

/// The inputs of a UNet that several of its parts may read.
struct UNetGiven {
  /// Rows of text, `f32[T,D]`.
  var text: ValueID?
  /// A pooled image, `f32[B,D]`.
  var image: ValueID?

  init(_ c: UNetText, _ b: inout ModelBuilder) {
    text = c.given.map { b.rows("encoder_hidden_states", "T", $0, at: .prompt) }
    image = c.image.map { b.rows("image_embeds", "B", $0, at: .prompt) }
  }
}

extension ModelBuilder {
  /// The rows that blocks attend to: `f32[T,D]`, `f32[B,32,D]` of an image, or of both `f32[T+10,D]`, the text first.
  mutating func unetText(_ c: UNetText, _ given: UNetGiven) throws -> ValueID? {
    guard let width = c.width else { return nil }
    let prefix = "encoder_hid_proj"
    switch c.source {
    case .own: return given.text
    case .projected: return try linear(given.text!, prefix, width, c.given!, bias: true)
    case .textAndImage:
      let rows = try imageRows(given.image!, prefix, 10, width)
      let text = try linear(
        input(given.text!, of: prefix), "\(prefix).text_proj", width, c.given!, bias: true)
      return graph.append(.joinRows, text, rows, name: prefix, site: prefix)
    case .image:
      let rows = try imageRows(input(given.image!, of: prefix), prefix, 32, width)
      return output(try layerNorm(rows, "\(prefix).norm", eps: 1e-5), of: prefix)
    }
  }

  /// So many rows of a pooled image: `f32[B,W] -> f32[B,count,width]`.
  private mutating func imageRows(
    _ image: ValueID, _ prefix: String, _ count: Int, _ width: Int
  ) throws -> ValueID {
    let columns = graph.type(image).shape[1].fixed!
    let all = try linear(image, "\(prefix).image_embeds", count * width, columns, bias: true)
    return graph.append(
      .reshape([.symbol("B"), .fixed(count), .fixed(width)]), all, name: "\(prefix).image_embeds.rows")
  }

  // MARK: Embeddings of texts and images beside time

  /// Diffusers' `TextTimeEmbedding` of the rows of text, `f32[T,D]`, pooled by attention, as the site `prefix`:
  /// `f32[B,width]`.
  mutating func textEmbedding(_ text: ValueID, _ prefix: String, heads: Int, width: Int) throws -> ValueID {
    let n = try layerNorm(input(text, of: prefix), "\(prefix).norm1", eps: 1e-5)
    let pooled = try pooledByAttention(n, "\(prefix).pool", heads: heads)
    let p = try linear(pooled, "\(prefix).proj", width, graph.type(n).shape[1].fixed!, bias: true)
    return output(try layerNorm(p, "\(prefix).norm2", eps: 1e-5), of: prefix)
  }

  /// Diffusers' `AttentionPooling`: attention of the mean of an entry's rows, moved by learned numbers, to itself and to
  /// them, as the site `prefix`. `x: f32[T,D] -> f32[B,D]`
  private mutating func pooledByAttention(_ x: ValueID, _ prefix: String, heads: Int) throws -> ValueID {
    let x = input(x, of: prefix)
    let width = graph.type(x).shape[1].fixed!
    let token = [Dim.symbol("B"), .fixed(1), .fixed(width)]
    let stored = try widened("\(prefix).positional_embedding", [1, width])
    let place = graph.append(.reshape([.fixed(width)]), stored, name: "\(prefix).place")
    // A row an entry, known with the text. The scores of a query of zeros are all the same: its result is the mean.
    let length = rows("text_length", "B", 1, .textLength, at: .prompt)
    let none = scaled(length, by: 0, "\(prefix).none")
    let zeros = graph.append(.binary(.mul), none, place, name: "\(prefix).zeros")
    let query = graph.append(.reshape(token), zeros, name: "\(prefix).mean.query")
    let mean = attention(query, x, x, heads: heads, name: "\(prefix).mean")
    let first = sum(mean, place, "\(prefix).token")
    let all = graph.append(.joinRows, x, first, name: "\(prefix).rows")
    let q = try linear(first, "\(prefix).q_proj", width, width, bias: true)
    let k = try linear(all, "\(prefix).k_proj", width, width, bias: true)
    let v = try linear(all, "\(prefix).v_proj", width, width, bias: true)
    let mixed = attention(q, k, v, heads: heads, name: "\(prefix).mixed")
    return graph.append(.reshape([.symbol("B"), .fixed(width)]), mixed, name: prefix, site: prefix)
  }

  /// Diffusers' `TextImageTimeEmbedding` of a pooled text and a pooled image, as the site `prefix`: `f32[B,width]`.
  mutating func textAndImageEmbedding(
    _ text: ValueID, _ image: ValueID, _ prefix: String, width: Int
  ) throws -> ValueID {
    let columns = graph.type(text).shape[1].fixed!
    let t = try linear(input(text, of: prefix), "\(prefix).text_proj", width, columns, bias: true)
    let n = try layerNorm(t, "\(prefix).text_norm", eps: 1e-5)
    let i = try linear(image, "\(prefix).image_proj", width, columns, bias: true)
    return sum(i, n, prefix, isSite: true)
  }

  /// Diffusers' `ImageTimeEmbedding` of a pooled image, as the site `prefix`: `f32[B,width]`.
  mutating func imageEmbedding(_ image: ValueID, _ prefix: String, width: Int) throws -> ValueID {
    let columns = graph.type(image).shape[1].fixed!
    let i = try linear(input(image, of: prefix), "\(prefix).image_proj", width, columns, bias: true)
    return output(try layerNorm(i, "\(prefix).image_norm", eps: 1e-5), of: prefix)
  }
}
