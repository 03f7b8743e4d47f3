import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// How far the logits of a baked checkpoint are from those of the steered model, on random tokens.
package struct BakeMeasurement: Hashable, Sendable {
  /// The squared error over the squared reference: `Σ (x - r)² / Σ r²`.
  package var normalizedSquaredError: Double
  /// That of the model without maps.
  package var errorWithoutMaps: Double
  /// How many sequences of how many tokens were read.
  package var sequences: Int
  package var tokens: Int
}

extension BakedModel {
  /// Reads random tokens, the same every time, by the checkpoint in `directory` and by the model with its maps frozen, in
  /// f32.
  ///
  /// - Parameters:
  ///   - directory: where the checkpoint was written.
  ///   - maps: those that were baked.
  /// - Returns: nil for a model that does not read tokens one after another.
  /// - Throws: `FileError` for a checkpoint that cannot be read, and what running either throws.
  package func measure(_ directory: String, _ maps: MapSet) throws -> BakeMeasurement? {
    var options = CompileOptions()
    options.weights = .f32
    options.mergesLinears = false
    options.frozen = self.options.strengths
    let sequences = 4
    let length = min(32, model.contextLength)
    options.lowering.maximumRows = length
    options.lowering.contextLength = length
    guard let vocabulary = model.graph.limit(ofInput: "tokens"),
      model.graph.order.contains(where: { if case .kvAppend = model.graph[$0].op { true } else { false } })
    else { return nil }
    var random = SplitMix64(state: 14)
    let prompts = (0..<sequences).map { _ in
      (0..<length).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }
    // One after another, so that no two models are in memory.
    let steered = try model.logits(prompts, maps, options)
    options.frozen = [:]
    let bare = try model.logits(prompts, MapSet(), options)
    let baked = try Model(directory).logits(prompts, MapSet(), options)
    return BakeMeasurement(
      normalizedSquaredError: baked.error(from: steered), errorWithoutMaps: bare.error(from: steered),
      sequences: sequences, tokens: length)
  }
}

extension Model {
  fileprivate func logits(
    _ prompts: [[Int32]], _ maps: MapSet, _ options: CompileOptions
  ) throws -> [Float] {
    let engine = try compile(maps, options).makeEngine()
    var logits: [Float] = []
    for prompt in prompts {
      let sequence = try engine.openSequence(capacity: prompt.count)
      defer { engine.closeSequence(sequence) }
      let rows = prompt.enumerated().map { position, token in
        Row(token: token, position: Int32(position), sequence: sequence, slot: 0)
      }
      try engine.step(rows, logitRows: .all)
      guard let result = engine.result("logits"),
        let width = engine.plan.results.first(where: { $0.name == "logits" }).flatMap({
          engine.plan.values[$0.value].type.shape.last?.fixed
        })
      else { throw UsageError("\(path): the model has no logits") }
      logits += UnsafeBufferPointer(start: result, count: prompt.count * width)
    }
    return logits
  }
}

extension [Float] {
  fileprivate func error(from reference: [Float]) -> Double {
    var (error, power) = (0.0, 0.0)
    for (value, expected) in zip(self, reference) {
      let difference = Double(value) - Double(expected)
      error += difference * difference
      power += Double(expected) * Double(expected)
    }
    return power == 0 ? (error == 0 ? 0 : .infinity) : error / power
  }
}
