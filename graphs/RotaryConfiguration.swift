import ActFormats
import ActIR

extension RotaryEmbedding {
  /// Reads `rope_theta` and `rope_scaling`, or `rope_parameters` as newer files have it.
  init(_ c: Configuration, width: Int) throws {
    let parameters = try c.object("rope_parameters")
    let outer = try c.number("rope_theta", in: SaneRange.rotaryBase, default: 10_000)
    let base = try parameters?.number("rope_theta", in: SaneRange.rotaryBase, default: outer) ?? outer
    self.init(width: width, base: base)
    guard let scaling = try parameters ?? c.object("rope_scaling") else { return }
    let kind = try scaling.string("rope_type", default: scaling.string("type", default: "default"))
    switch kind {
    case "default": break
    case "linear":
      self.scaling = .linear(factor: try scaling.number("factor", in: SaneRange.rotaryFactor))
    case "llama3":
      let low = try scaling.number("low_freq_factor", in: SaneRange.rotaryBand)
      let high = try scaling.number("high_freq_factor", in: SaneRange.rotaryBand)
      guard low < high else {
        throw scaling.failure("high_freq_factor", "a number above low_freq_factor \(low)")
      }
      self.scaling = .llama3(
        factor: try scaling.number("factor", in: SaneRange.rotaryFactor), lowFrequency: low,
        highFrequency: high, originalContext: try scaling.size("original_max_position_embeddings"))
    default:
      throw FileError.unsupported(
        scaling.path, "rope_type", "`\(kind)` is not supported", next: "linear and llama3 are")
    }
  }
}
