import ActFormats
import ActIR

/// How diffusers' `Timesteps` embeds a number.
struct Timesteps {
  var width: Int
  /// Whether the cosines come first; else the sines do.
  var startsWithCosines: Bool
  /// `downscale_freq_shift`.
  var offset: Double

  /// - Throws: `FileError` that names `key` where the width has no frequencies.
  init(_ c: Configuration, _ key: String, width: Int, startsWithCosines: Bool, offset: Double) throws {
    guard width >= 2, offset < Double(width / 2) else {
      throw c.failure(key, "a width of at least 2, half of which is more than freq_shift \(offset)")
    }
    self.width = width
    self.startsWithCosines = startsWithCosines
    self.offset = offset
  }
}

extension ModelBuilder {
  /// Cosines and sines of t, `f32[…,1]`, and where the width is odd a 0, as the site `name` where `isSite` says so.
  mutating func sinusoids(_ t: ValueID, _ c: Timesteps, _ name: String, isSite: Bool = true) -> ValueID {
    let half = c.width / 2
    let op = Op.sinusoids(Sinusoids(width: 2 * half, base: 10_000, offset: c.offset))
    let read = isSite ? input(t, of: name) : t
    let waves = graph.append(op, read, name: "\(name).waves")
    var parts = [waves]
    if !c.startsWithCosines {
      parts = [
        columns(waves, from: half, half, "\(name).sines"), columns(waves, from: 0, half, "\(name).cosines"),
      ]
    }
    if c.width % 2 == 1 {
      let zero = graph.append(.constant(0), name: "\(name).zero")
      let first = columns(waves, from: 0, 1, "\(name).first")
      parts.append(graph.append(.binary(.mul), first, zero, name: "\(name).padding"))
    }
    let axis = graph.type(waves).rank - 1
    let y = parts.count == 1 ? waves : graph.append(.concat(axis: axis), parts, name: name)
    if isSite { graph.setSite(y, name) }
    return y
  }

  /// Cosines and sines of t, `f32[B,1]`, by learned frequencies `prefix.weight`, in turns.
  mutating func fourierFeatures(
    _ t: ValueID, _ prefix: String, width: Int, startsWithCosines: Bool, isSite: Bool
  ) throws -> ValueID {
    let frequencies = try vector("\(prefix).weight", width / 2)
    let turns = graph.append(
      .binary(.mul), isSite ? input(t, of: prefix) : t, frequencies, name: "\(prefix).turns")
    // In the order of the published code, whose rounding large angles show.
    let two = graph.append(.constant(2), name: "\(prefix).two")
    let pi = graph.append(.constant(Float(Double.pi)), name: "\(prefix).pi")
    let doubled = graph.append(.binary(.mul), turns, two, name: "\(prefix).turns.doubled")
    let angles = graph.append(.binary(.mul), doubled, pi, name: "\(prefix).angles")
    let cosines = graph.append(.unary(.cos), angles, name: "\(prefix).cosines")
    let sines = graph.append(.unary(.sin), angles, name: "\(prefix).sines")
    let parts = startsWithCosines ? [cosines, sines] : [sines, cosines]
    let y = graph.append(.concat(axis: 1), parts, name: prefix)
    if isSite { graph.setSite(y, prefix) }
    return y
  }

  /// Two layers with an activation between, diffusers' `TimestepEmbedding` and `PixArtAlphaTextProjection`, as the site
  /// `prefix`.
  ///
  /// - Parameters:
  ///   - x: what is embedded, `f32[B,W]`.
  ///   - prefix: the name of the module.
  ///   - width: that of the result.
  ///   - activation: that between the layers.
  ///   - act: what its module is called.
  ///   - last: one after the second layer, where there is one.
  ///   - condition: what a layer without a bias adds to x, where there is something.
  /// - Returns: the embedding, `f32[B,width]`.
  /// - Throws: `FileError` for a tensor that is missing or of another shape.
  mutating func timestepEmbedding(
    _ x: ValueID, _ prefix: String, width: Int, _ activation: Activation = .function(.silu),
    named act: String = "act", last: Activation? = nil, condition: ValueID? = nil
  ) throws -> ValueID {
    var x = input(x, of: prefix)
    let inner = graph.type(x).shape.last!.fixed!
    if let condition {
      let columns = graph.type(condition).shape.last!.fixed!
      let added = try linear(condition, "\(prefix).cond_proj", inner, columns, bias: false)
      x = sum(x, added, "\(prefix).conditioned")
    }
    let first = try linear(x, "\(prefix).linear_1", width, inner, bias: true)
    let active = activation.append(
      to: &graph, first, name: "\(prefix).\(act)", site: "\(prefix).\(act)")
    let second = try linear(active, "\(prefix).linear_2", width, width, bias: true)
    guard let last else { return output(second, of: prefix) }
    let name = "\(prefix).post_act"
    return output(last.append(to: &graph, second, name: name, site: name), of: prefix)
  }
}
