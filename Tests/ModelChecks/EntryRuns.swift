import ActCompile
import ActFormats
import ActIR
import ActPlan
import ActRuntime

/// A text of an encoder: its tokens, and the type of each.
package struct EncoderText: Hashable, Sendable {
  package var tokens: [Int]
  package var types: [Int]

  package init(_ tokens: [Int], types: [Int]) {
    self.tokens = tokens
    self.types = types
  }

  /// Random ones of the small encoders.
  package static func random(
    _ counts: [Int], vocabulary: Int, using random: inout some RandomNumberGenerator
  ) -> [EncoderText] {
    counts.map { count in
      EncoderText(
        (0..<count).map { _ in .random(in: 0..<vocabulary, using: &random) },
        types: (0..<count).map { _ in .random(in: 0..<2, using: &random) })
    }
  }
}

extension EntryInputs {
  /// A call of several texts, with the types of tokens where the inputs have them.
  package init(_ texts: [EncoderText], for inputs: [DeclaredInput]) {
    self.init(
      path: "texts",
      [
        "tokens": .init(texts.flatMap(\.tokens)),
        Self.sequences: .init(
          texts.enumerated().flatMap { entry, text in [Int](repeating: entry, count: text.tokens.count) }),
      ])
    if inputs.contains(where: { $0.name == "token_types" }) {
      tensors["token_types"] = .init(texts.flatMap(\.types))
    }
  }
}

extension EntryModel {
  /// Runs texts in one call; returns for each the rows of a result, of which there are one or as many as tokens.
  package func run(
    _ texts: [EncoderText], result name: String = "last_hidden_state", strengths: Steering = [:]
  ) throws -> [[Float]] {
    let results = try evaluate(EntryInputs(texts, for: plan.inputs), strengths: strengths)
    guard let result = results.first(where: { $0.name == name }) else {
      throw EngineError("no result `\(name)`")
    }
    var next = 0
    return texts.map { text in
      let count = (result.shape[0] == texts.count ? 1 : text.tokens.count) * result.width
      defer { next += count }
      return Array(result.values[next..<next + count])
    }
  }
}
