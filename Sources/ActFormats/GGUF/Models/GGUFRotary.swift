import Glibc

/// What a family's `config.json` calls its rotary positions.
struct GGUFRotaryKeys {
  var base = "rope_theta"
  /// Of a family that may rotate a part of each head.
  var share: String?
  /// Whether converters write the base whatever it is. Others leave it out, and it is 10000.
  var hasBase = true
}

extension GGUFModelBuilder {
  /// Sets base, share and scaling of rotary positions.
  mutating func rotaryPositions(
    _ d: GGUFDecoder, _ names: GGUFRotaryKeys = GGUFRotaryKeys()
  ) throws(FileError) {
    let fallback = "10000.0"
    let base =
      names.hasBase
      ? try number("rope.freq_base", in: SaneRange.rotaryBase, orTake: fallback)
      : try number("rope.freq_base", in: SaneRange.rotaryBase) ?? .number(fallback)
    let width = try size("rope.dimension_count", default: d.headWidth)
    if let share = names.share {
      guard width <= d.headWidth, width.isMultiple(of: 2) else {
        throw failure("rope.dimension_count", "expected an even number up to \(d.headWidth), found \(width)")
      }
      set(share, .double(Self.share(width, of: d.headWidth)))
    } else if width != d.headWidth {
      throw unsupported(
        "rope.dimension_count", "turning a part of a head's \(d.headWidth) features is not supported")
    }
    set(names.base, base)
    set("rope_scaling", try rotaryScaling(d, base: base.double ?? .nan, width: width) ?? .null)
  }

  /// The share of `whole` that gives `width` when it is multiplied and rounded down.
  private static func share(_ width: Int, of whole: Int) -> Double {
    let share = Double(width) / Double(whole)
    return Int(share * Double(whole)) == width ? share : share.nextUp
  }

  /// `rope_scaling`, or nil where positions are not scaled.
  private mutating func rotaryScaling(
    _ d: GGUFDecoder, base: Double, width: Int
  ) throws(FileError) -> JSON? {
    let named = try string("rope.scaling.type")
    // Files older than the type have a factor alone, and it divides positions.
    let older = try number("rope.scale_linear", in: SaneRange.rotaryFactor)
    let factor = try number("rope.scaling.factor", in: SaneRange.rotaryFactor) ?? older
    let amplitude = try number("rope.scaling.attn_factor", in: 1e-6...1e6)
    let original =
      names("rope.scaling.original_context_length") ? try size("rope.scaling.original_context_length") : nil
    let type = named ?? (factor == nil ? "none" : "linear")

    if has("rope_factors_long.weight") || has("rope_factors_short.weight") || type == "longrope" {
      guard named == nil || type == "longrope" else {
        throw unsupported("rope.scaling.type", "`\(type)` with factors of LongRoPE is not supported")
      }
      return try longRope(amplitude, original: original ?? d.context, pairs: width / 2)
    }
    if let amplitude, amplitude.double != 1 {
      throw unsupported("rope.scaling.attn_factor", "a factor of scores is not supported but for LongRoPE")
    }
    if has("rope_freqs.weight") {
      guard type == "none" else {
        throw unsupported("rope.scaling.type", "`\(type)` with divisors of frequencies is not supported")
      }
      return try dividedFrequencies(d, base: base, pairs: width / 2)
    }
    if type == "none" { return nil }
    guard let factor else { throw failure("rope.scaling.type", "`\(type)` without a factor") }
    switch type {
    case "linear": return .object(["rope_type": .string("linear"), "factor": factor])
    case "yarn": return try yarn(factor, original: original ?? d.context)
    default:
      throw unsupported(
        "rope.scaling.type", "`\(type)` is not supported", next: "none, linear, yarn and longrope are")
    }
  }

  private mutating func yarn(_ factor: JSON, original: Int) throws(FileError) -> JSON {
    var members: [JSON.Member] = [
      .init("rope_type", .string("yarn")), .init("factor", factor),
      .init("original_max_position_embeddings", .int(original)),
    ]
    for (key, name) in [("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow")] {
      if let bound = try number("rope.scaling.\(key)", in: SaneRange.rotaryBand) {
        members.append(.init(name, bound))
      }
    }
    if let amplitude = try number("rope.scaling.yarn_attn_factor", in: 1e-6...1e6) {
      members.append(.init("attention_factor", amplitude))
    }
    if let mix = try number("rope.scaling.yarn_ext_factor", in: -1...1e6), mix.double != 1, mix.double != -1 {
      throw unsupported("rope.scaling.yarn_ext_factor", "a factor other than 1 is not supported")
    }
    return .object(members)
  }

  private mutating func longRope(
    _ amplitude: JSON?, original: Int, pairs: Int
  ) throws(FileError) -> JSON {
    var members: [JSON.Member] = [.init("rope_type", .string("longrope"))]
    for part in ["short", "long"] {
      let factors = try numbers("rope_factors_\(part).weight", count: pairs)
      members.append(.init("\(part)_factor", .array(factors.map(JSON.float))))
    }
    if let amplitude { members.append(.init("attention_factor", amplitude)) }
    set("original_max_position_embeddings", .int(original))
    return .object(members)
  }

  /// Llama 3.1 has no figures in the header, only the divisors of all frequencies. Those of its published scheme (low
  /// and high factors 1 and 4, 8192 original positions) are recognised; others are factors of LongRoPE that are the same
  /// at any length.
  private mutating func dividedFrequencies(
    _ d: GGUFDecoder, base: Double, pairs: Int
  ) throws(FileError) -> JSON {
    let divisors = try numbers("rope_freqs.weight", count: pairs)
    let factor = Double(divisors.max() ?? 1)
    let original = 8192.0
    let isPublished = divisors.enumerated().allSatisfy { index, value in
      let turns = original * pow(base, -Double(index) / Double(pairs)) / (2 * .pi)
      let smooth = min(1, max(0, (turns - 1) / (4 - 1)))
      let expected = 1 / ((1 - smooth) / factor + smooth)
      return abs(Double(value) - expected) <= 1e-3 * expected
    }
    if isPublished {
      return .object([
        "rope_type": .string("llama3"), "factor": .double(factor), "low_freq_factor": .double(1),
        "high_freq_factor": .double(4), "original_max_position_embeddings": .int(8192),
      ])
    }
    let factors = JSON.array(divisors.map(JSON.float))
    return .object([
      "rope_type": .string("longrope"), "short_factor": factors, "long_factor": factors,
      "attention_factor": .double(1), "original_max_position_embeddings": .int(d.context),
    ])
  }

  /// The elements of a vector of F32, factors of frequencies.
  private mutating func numbers(_ name: String, count: Int) throws(FileError) -> [Float] {
    let tensor = try source(name)
    guard tensor.type == .f32, tensor.shape == [count] else {
      throw FileError(file.path, name, "expected F32[\(count)]")
    }
    let stored = file.bytes(of: tensor)
    let values = (0..<count).map { stored.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(file.path, name, "\(values[index])", at: index, shape: [count])
    }
    if let index = values.firstIndex(where: { !(1e-6...1e6).contains($0) }) {
      throw FileError(
        file.path, name, "expected numbers from 1e-06 to 1000000.0, found \(values[index]) at [\(index)]")
    }
    return values
  }
}

extension JSON {
  /// A finite float, in the shortest spelling that reads back exactly.
  fileprivate static func float(_ value: Float) -> JSON { .number("\(value)") }
}
