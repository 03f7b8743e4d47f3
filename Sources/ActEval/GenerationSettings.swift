import ActFormats
import ActRuntime

/// What all continuations of a run have in common, as their records hold it.
package struct GenerationSettings: Hashable, Sendable {
  /// How tokens are chosen, the seed of the run, and how many at most.
  package var sampling: JSON
  /// The plan's SHA-256, its model's fingerprint, and its maps with theirs.
  package var plan: JSON

  package init(sampling: JSON, plan: JSON) {
    self.sampling = sampling
    self.plan = plan
  }

  /// Reads the whole plan file for its hash.
  package init(
    _ model: LanguageModel, _ sampling: SamplingOptions, maximumTokens: Int
  ) throws(FileError) {
    self.sampling = .object([
      "temperature": .number("\(sampling.temperature)"), "top_k": .int(sampling.topK),
      "top_p": .number("\(sampling.topP)"), "min_p": .number("\(sampling.minP)"),
      "repetition_penalty": .number("\(sampling.repetitionPenalty)"), "seed": .number("\(sampling.seed)"),
      "max_tokens": .int(maximumTokens),
    ])
    let maps = (model.provenance["maps"]?.array ?? []).map { map in
      JSON.object(
        ["name", "method", "sha256", "frozen"].map { .init($0, map[$0] ?? .null) })
    }
    plan = .object([
      "sha256": .string(try SHA256.hex(ofFile: model.path)),
      "model": model.provenance["model"]?["fingerprint"] ?? .null, "maps": .array(maps),
    ])
  }

  /// The first setting that `other` has otherwise, as `sampling.top_k: expected 40, found 0`; nil where they agree.
  package func difference(_ other: GenerationSettings) -> String? {
    firstDifference("sampling", sampling, other.sampling) ?? firstDifference("plan", plan, other.plan)
  }

  /// How the plan differs from that of `other`; nil where they are the same.
  package func planDifference(from other: GenerationSettings) -> String? {
    firstDifference("plan", other.plan, plan)
  }

  private func firstDifference(_ path: String, _ expected: JSON, _ found: JSON) -> String? {
    if expected == found { return nil }
    if let members = expected.members, found.members != nil {
      for member in members {
        let other = found[member.key] ?? .null
        if let difference = firstDifference("\(path).\(member.key)", member.value, other) {
          return difference
        }
      }
    }
    return "\(path): expected \(expected), found \(found)"
  }
}

extension GenerationSettings {
  /// Of continuations that are not recorded.
  package static let none = GenerationSettings(sampling: .null, plan: .null)
}
