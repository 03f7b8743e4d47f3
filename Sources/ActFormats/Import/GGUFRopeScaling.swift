import Glibc

/// `rope_scaling` of `config.json`, or nil where positions are not scaled.
///
/// Llama 3.1 has no figures for it in the header, only the divisors of all frequencies, `rope_freqs.weight`; they
/// are recognised as what its published scheme gives (low and high factors 1 and 4, 8192 original positions).
func ggufRopeScaling(
  _ file: GGUFFile, _ metadata: GGUFMetadata, base: Double, headWidth: Int
) throws(FileError) -> JSON? {
  if let divisors = file["rope_freqs.weight"] {
    return try llama3Scaling(file, divisors, base: base, headWidth: headWidth)
  }
  let key = "llama.rope.scaling.type"
  let named = try metadata.string(key)
  if named == "none" { return nil }
  // Files older than the type have a factor alone, and it divides positions.
  let older = try metadata.number("llama.rope.scale_linear", in: SaneRange.rotaryFactor)
  let factor = try metadata.number("llama.rope.scaling.factor", in: SaneRange.rotaryFactor) ?? older
  let type = named ?? (factor == nil ? "none" : "linear")
  if type == "none" { return nil }
  guard let factor else { throw FileError(file.path, key, "`\(type)` without a factor") }
  switch type {
  case "linear": return .object(["rope_type": .string("linear"), "factor": factor])
  case "yarn":
    let original = try metadata.size("llama.rope.scaling.original_context_length")
    return .object([
      "rope_type": .string("yarn"), "factor": factor, "original_max_position_embeddings": .int(original),
    ])
  default:
    throw FileError.unsupported(file.path, key, "`\(type)` is not supported", next: "linear and yarn are")
  }
}

private func llama3Scaling(
  _ file: GGUFFile, _ divisors: GGUFTensor, base: Double, headWidth: Int
) throws(FileError) -> JSON {
  guard divisors.type == .f32, divisors.shape == [headWidth / 2] else {
    throw FileError(file.path, divisors.name, "expected F32[\(headWidth / 2)]")
  }
  let stored = file.bytes(of: divisors)
  let values = (0..<headWidth / 2).map { stored.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
  if let index = values.firstIndex(where: { !$0.isFinite }) {
    throw .notFinite(file.path, divisors.name, "\(values[index])", at: index, shape: divisors.shape)
  }
  let factor = Double(values.max() ?? 1)
  let original = 8192.0
  for (index, value) in values.enumerated() {
    let turns = original * pow(base, -2 * Double(index) / Double(headWidth)) / (2 * .pi)
    let smooth = min(1, max(0, (turns - 1) / (4 - 1)))
    let expected = 1 / ((1 - smooth) / factor + smooth)
    guard abs(Double(value) - expected) <= 1e-3 * expected else {
      throw FileError.unsupported(
        file.path, divisors.name, "this scaling of rotary frequencies is not supported")
    }
  }
  return .object([
    "rope_type": .string("llama3"), "factor": .double(factor), "low_freq_factor": .double(1),
    "high_freq_factor": .double(4), "original_max_position_embeddings": .int(8192),
  ])
}
