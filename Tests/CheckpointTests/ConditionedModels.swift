import ActCompile
import ActFit
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActRuntime
import ModelChecks
import Testing

/// A model with a map that acts late in it, and a score that is known before: `map`, gated by `s`, which the plan
/// returns.
struct ConditionedModel {
  static let score = "s"
  let checkpoint: Model
  let map: MapFile
  let scoring: MapFile

  init(
    _ checkpoint: String = "tiny-plain",
    at sites: String = "re:model\\.(layers\\.2\\.(input_layernorm|self_attn\\.o_proj)|norm)",
    scope: String = "all"
  ) throws {
    self.checkpoint = try Model(fixture(checkpoint))
    var map = try self.checkpoint.fitRandomMap(at: sites)
    map.fit.scope = try #require(TokenScope(scope))
    self.map = map
    scoring = try self.checkpoint.fitRandomMap(cast, at: "re:model\\.layers\\.[01]")
  }

  /// The maps with the score, at the sites of its that are named, and the gate.
  func maps(scoredAt sites: [String]? = nil, gated: Bool = true) throws -> MapSet {
    var maps = MapSet()
    try maps.add(map, name: steeringMap, path: "the map", model: checkpoint)
    try maps.add(scoreOf: scoring, name: Self.score, path: "the score", model: checkpoint, at: sites)
    if gated { try maps.add(Gate(map: steeringMap, score: Self.score)) }
    return maps
  }

  func model(
    _ variant: Variant = .live, rows: Int = 24, sequences: Int = 8, slots: Int = 64, gated: Bool = true
  ) throws -> LanguageModel {
    var options = CompileOptions()
    options.weights = .f32
    options.fuses = variant == .live
    options.lowering.sharesArena = variant != .reference
    options.lowering.maximumRows = rows
    let engine = try checkpoint.compile(try maps(gated: gated), options)
      .makeEngine(maximumSequences: sequences, maximumSlots: slots)
    return try LanguageModel(engine, path: "conditioned", tokenizer: nil)
  }
}

/// The steering that an expression asks for.
func steering(_ text: String, readsPromptAgain: Bool = false) throws -> Steering {
  var steering = try #require(try SteeringExpression(parsing: text).single)
  steering.readsPromptAgain = readsPromptAgain
  return steering
}

extension LanguageModel {
  /// The scores of a sequence's tokens, unsteered.
  func scores(_ tokens: [Int32]) throws -> [Float] {
    try #require(try evaluate(tokens).first { $0.name == "score.\(ConditionedModel.score)" }).values
  }

  /// The logits of a sequence of which each row names one of the strengths of the map.
  func logits(_ tokens: [Int32], strengths: [Float]) throws -> [Float] {
    let sequence = try engine.openSequence(capacity: tokens.count)
    defer { engine.closeSequence(sequence) }
    var logits: [Float] = []
    for (position, token) in tokens.enumerated() {
      let slot = try slots.acquire([steeringMap: strengths[position]])
      defer { slots.release(slot) }
      try engine.step(
        [Row(token: token, position: Int32(position), sequence: sequence, slot: slot)], logitRows: .all)
      logits += UnsafeBufferPointer(start: engine.result("logits")!, count: vocabularySize)
    }
    return logits
  }
}
