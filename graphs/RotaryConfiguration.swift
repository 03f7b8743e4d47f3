import ActFormats
import ActIR
import Glibc

/// Rotary positions as a configuration has them, and the longest sequence that they serve.
///
/// Read from `rope_theta` and `rope_scaling`, or from `rope_parameters` as newer files have it.
struct RotaryPositions {
  var embedding: RotaryEmbedding
  var context: Int

  /// What differs between families.
  struct Defaults {
    /// The base where the file has none, and its key outside the object.
    var base = 10_000.0
    var baseKey = "rope_theta"
    /// The share of a head's channels that is rotated where the file does not say; nil: a family that rotates whole
    /// heads.
    var share: Double?
    var shareKey = "partial_rotary_factor"
    /// The original context of LongRoPE where the file has it in no place.
    var originalContext: Int?
    /// Other names of LongRoPE.
    var longRopeNames: Set<String> = []
  }

  /// Reads the positions of heads `headWidth` wide in a model for sequences of `context`.
  init(_ c: Configuration, headWidth: Int, context: Int, _ defaults: Defaults = Defaults()) throws {
    // The older spelling counts where a file has both.
    let object = try c.rotaryObject("rope_scaling") ?? c.rotaryObject("rope_parameters")
    try self.init(c, headWidth: headWidth, context: context, defaults, object)
  }

  /// Reads the positions of some layers, of which `object` says what `rope_parameters` would say of all.
  init(
    _ c: Configuration, headWidth: Int, context: Int, _ defaults: Defaults, _ object: Configuration?
  ) throws {
    var base = try c.number(defaults.baseKey, in: SaneRange.rotaryBase, default: defaults.base)
    base = try object?.number("rope_theta", in: SaneRange.rotaryBase, default: base) ?? base
    let outerShare = try c.number(defaults.shareKey, in: 0...1, default: defaults.share ?? 1)
    let inner = try object?.optionalNumber("partial_rotary_factor", in: 0...1)
    let share = inner ?? outerShare
    guard defaults.share != nil || share == 1 else {
      throw FileError.unsupported(
        c.path, defaults.shareKey, "heads that are rotated in part are not supported for this architecture")
    }
    let width = Int(Double(headWidth) * share)
    guard width > 0, width % 2 == 0 else {
      throw (inner == nil ? c : object!).failure(
        inner == nil ? defaults.shareKey : "partial_rotary_factor",
        "a share that makes an even number of a head's \(headWidth) channels")
    }
    embedding = RotaryEmbedding(width: width, base: base)
    self.context = context
    guard let object else { return }

    let kind = try object.string("rope_type", default: object.string("type", default: "default"))
    object.disregard("type")
    let reader = RotaryScalingReader(
      c: c, object: object, context: context, originalContext: defaults.originalContext)
    switch kind {
    case "default":
      // What newer files say of every kind.
      object.disregard("original_max_position_embeddings")
    case "linear":
      embedding.scaling = .linear(factor: try object.number("factor", in: SaneRange.rotaryFactor))
      object.disregard("original_max_position_embeddings")
    case "llama3": embedding.scaling = try reader.llama3()
    case "dynamic": self.context = try reader.scaleDynamically(&embedding)
    case "yarn" where !defaults.longRopeNames.contains(kind): try reader.scaleByYarn(&embedding)
    case _ where kind == "longrope" || defaults.longRopeNames.contains(kind):
      self.context = try reader.scaleByLongRope(&embedding)
    default:
      throw FileError.unsupported(
        object.path, "rope_type", "`\(kind)` is not supported",
        next: "known: default, linear, dynamic, llama3, yarn, longrope")
    }
  }
}

extension Configuration {
  /// An object that is not empty.
  fileprivate func rotaryObject(_ key: String) throws -> Configuration? {
    guard let object = try object(key), object.json.members?.isEmpty == false else { return nil }
    if key == "rope_scaling" { disregard("rope_parameters") }
    return object
  }
}

/// Reads the kinds of scaling, each as `transformers` has it in `modeling_rope_utils.py`.
private struct RotaryScalingReader {
  let c, object: Configuration
  let context: Int
  let originalContext: Int?

  private func factor(default fallback: Double? = nil) throws -> Double {
    try object.number("factor", in: SaneRange.rotaryFactor, default: fallback)
  }

  /// The context of the training: beside the object, else in it, else the model's own.
  private func original() throws -> Int {
    let key = "original_max_position_embeddings"
    let inner = try object.optionalSize(key)
    return try c.optionalSize(key) ?? originalContext ?? inner ?? context
  }

  func llama3() throws -> RotaryEmbedding.Scaling {
    let low = try object.number("low_freq_factor", in: SaneRange.rotaryBand)
    let high = try object.number("high_freq_factor", in: SaneRange.rotaryBand)
    guard low < high else {
      throw object.failure("high_freq_factor", "a number above low_freq_factor \(low)")
    }
    return .llama3(
      factor: try factor(), lowFrequency: low, highFrequency: high, originalContext: try original())
  }

  /// Dynamic NTK: a larger base the longer the sequence is beyond the model's context. Here the context that is asked
  /// for decides; returns it.
  func scaleDynamically(_ rope: inout RotaryEmbedding) throws -> Int {
    let factor = try factor()
    object.disregard("original_max_position_embeddings")
    guard rope.width > 2 else { throw object.failure("rope_type", "no dynamic scaling of 2 channels") }
    let longest = Int(min(Double(context) * factor, Double(SaneRange.size.upperBound)))
    let length = max(context, min(c.wantedContext ?? context, longest))
    let stretch = factor * Double(length) / Double(context) - (factor - 1)
    rope.base *= pow(stretch, Double(rope.width) / Double(rope.width - 2))
    return length
  }

  /// YaRN: pairs that turn often in the original context keep their frequency, slow ones have it divided.
  func scaleByYarn(_ rope: inout RotaryEmbedding) throws {
    let original = try original()
    object.disregard("finetuned")
    let factor = try factor(default: Double(context) / Double(original))
    func scale(_ by: Double) -> Double { factor <= 1 ? 1 : 0.1 * by * log(factor) + 1 }
    var amplitude = scale(1)
    // 0 counts as left out.
    let numerator = try object.number("mscale", in: 0...1e3, default: 0)
    let denominator = try object.number("mscale_all_dim", in: 0...1e3, default: 0)
    if numerator != 0, denominator != 0 { amplitude = scale(numerator) / scale(denominator) }
    rope.amplitude = try object.number("attention_factor", in: 1e-6...1e6, default: amplitude)

    func pair(turning turns: Double) -> Double {
      Double(rope.width) * log(Double(original) / (turns * 2 * .pi)) / (2 * log(rope.base))
    }
    guard rope.base > 1 else { throw object.failure("rope_theta", "a number above 1") }
    var first = pair(turning: try object.number("beta_fast", in: SaneRange.rotaryBand, default: 32))
    var last = pair(turning: try object.number("beta_slow", in: SaneRange.rotaryBand, default: 1))
    if try object.flag("truncate", default: true) {
      (first, last) = (first.rounded(.down), last.rounded(.up))
    }
    (first, last) = (max(first, 0), min(last, Double(rope.width - 1)))
    if first == last { last += 0.001 }
    rope.scaling = .perPair(
      factors: (0..<rope.width / 2).map { pair in
        let divided = min(1, max(0, (Double(pair) - first) / (last - first)))
        return 1 / (divided / factor + (1 - divided))
      })
  }

  /// LongRoPE: a factor for each pair, of one list up to the original context and of another beyond it. Here the
  /// context that is asked for decides; returns the longest that the list serves.
  func scaleByLongRope(_ rope: inout RotaryEmbedding) throws -> Int {
    let original = try original()
    let factors = try ["short_factor", "long_factor"].map {
      try object.numbers($0, count: rope.width / 2, in: 1e-6...1e6)
    }
    let factor = try factor(default: max(1, Double(context) / Double(original)))
    let amplitude = factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
    rope.amplitude = try object.number("attention_factor", in: 1e-6...1e6, default: amplitude)
    guard rope.amplitude.isFinite else {
      throw object.failure("original_max_position_embeddings", "a context above 1")
    }
    let isLong = (c.wantedContext ?? 0) > original
    rope.scaling = .perPair(factors: factors[isLong ? 1 : 0])
    return isLong ? max(context, original) : min(context, original)
  }
}
