import ActFormats
import ActIR

extension RotaryEmbedding {
  /// Reads `rope_theta` and `rope_scaling`, or `rope_parameters` as newer files have it.
  init(_ c: Configuration, width: Int) throws {
    let parameters = try c.object("rope_parameters")
    let outer = try c.number("rope_theta", default: 10_000)
    let base = try parameters?.number("rope_theta", default: outer) ?? outer
    self.init(width: width, base: base)
    guard let scaling = try parameters ?? c.object("rope_scaling") else { return }
    let kind = try scaling.string("rope_type", default: scaling.string("type", default: "default"))
    switch kind {
    case "default": break
    case "linear": self.scaling = .linear(factor: try scaling.number("factor"))
    case "llama3":
      self.scaling = .llama3(
        factor: try scaling.number("factor"), lowFrequency: try scaling.number("low_freq_factor"),
        highFrequency: try scaling.number("high_freq_factor"),
        originalContext: try scaling.size("original_max_position_embeddings"))
    default:
      throw FileError.unsupported(
        scaling.path, "rope_type", "`\(kind)` is not supported", next: "linear and llama3 are")
    }
  }
}
