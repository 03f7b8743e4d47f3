import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Workbench

/// A method fitted to random texts on the random model, and what must hold of the steered model.
struct FittedMethod {
  /// A norm, a linear output, the residual stream, and the last norm, which runs for rows with logits only.
  ///
  /// None of the first layer before its attention: a token has the same value there in every text, so that those of the
  /// prompt would lie at the very ends of a support that texts gave, where rounding decides on which side.
  private static let sites = "re:model\\.(layers\\.(1\\.(input_layernorm|self_attn\\.o_proj)|2)|norm)"

  private let model: Model
  private let map: MapFile
  private let prompt = randomPrompt(20, vocabulary: RandomModel.vocabulary)

  init(_ chosen: ChosenMethod, _ support: Support) throws {
    model = try RandomModel.shared.get().model
    map = try model.fitRandomMap(
      chosen.method, at: chosen.method.smallSites(Self.sites)[0], settings: chosen.settings, support: support,
      order: .causal,
      vocabulary: RandomModel.vocabulary)
  }

  private func engine(_ variant: Variant = .live) throws -> Engine {
    try model.makeEngine(steeredBy: map, variant)
  }

  func checkStrengthZero() throws -> [String] {
    var failures: [String] = []
    for variant in [Variant.reference, .inserted, .live] {
      let engine = try engine(variant)
      try engine.setStrengths([steeringMap: 0], slot: 1)
      let bare = try model.makeEngine(variant).run(prompt)
      for slot: Int32 in [0, 1] where !sameBits(try engine.run(prompt, slot: slot), bare) {
        failures.append("\(variant), slot \(slot): the bits are not those of the model without the map")
      }
    }
    return failures
  }

  func checkEveryStrength() throws -> [String] {
    var failures: [String] = []
    let engine = try engine()
    var logits: [(strength: Float, values: [Float])] = [(0, try engine.run(prompt))]
    for strength: Float in [0.25, 0.5, 1, 1.5, -0.5] {
      try engine.setStrengths([steeringMap: strength], slot: 1)
      let values = try engine.run(prompt, slot: 1)
      if !values.allSatisfy(\.isFinite) { failures.append("strength \(strength): a result is not finite") }
      for other in logits
      where !(Deviation(values, from: other.values).normalizedSquaredError > Self.leastEffect) {
        failures.append("strengths \(strength) and \(other.strength) have one effect")
      }
      logits.append((strength, values))
    }
    return failures
  }

  /// The least squared change of the logits, over their square, that counts as an effect.
  private static let leastEffect = 1e-8

  func checkVariants() throws -> [String] {
    var failures: [String] = []
    for strength: Float in [0, 0.3, 1, 1.5] {
      func logits(_ variant: Variant) throws -> [Float] {
        let engine = try model.makeEngine(steeredBy: map, variant, strength: strength)
        guard variant != .frozen else { return try engine.run(prompt) }
        try engine.setStrengths([steeringMap: strength], slot: 1)
        return try engine.run(prompt, slot: 1)
      }
      let reference = try logits(.reference)
      for variant in [Variant.inserted, .live, .frozen] {
        let deviation = Deviation(try logits(variant), from: reference)
        if !(deviation.normalizedSquaredError <= 1e-10) {
          failures.append("\(variant), strength \(strength): off the reference by \(deviation)")
        }
      }
    }
    return failures
  }

  func checkFiles() throws -> [String] {
    var failures: [String] = []
    let directory = try TemporaryDirectory()
    let mapPath = directory.file("x.maps.safetensors")
    try map.write(to: mapPath)
    let read = try MapFile(reading: mapPath)
    if read != map { failures.append("the map file reads as another map") }
    let planPath = directory.file("x.plan")
    try model.compileSteered(by: read).write(to: planPath, provenance: .object([:]))
    let (saved, fitted) = (try LanguageModel(planPath).engine, try engine())
    if saved.plan != fitted.plan { failures.append("the plan file reads as another plan") }
    for engine in [saved, fitted] { try engine.setStrengths([steeringMap: 0.7], slot: 1) }
    if !sameBits(try saved.run(prompt, slot: 1), try fitted.run(prompt, slot: 1)) {
      failures.append("the plan of the file gives other bits")
    }
    return failures
  }

  func checkDecoding() throws -> [String] {
    var failures: [String] = []
    let engine = try engine()
    try engine.setStrengths([steeringMap: 0.7], slot: 1)
    let whole = try engine.run(prompt, slot: 1)
    let schedule =
      [(0..<12).map { RunRow(prompt: 0, position: $0) }]
      + (12..<prompt.count).map { [RunRow(prompt: 0, position: $0)] }
    if !sameBits(try engine.run([Prompt(prompt, slot: 1)], schedule: schedule)[0], whole) {
      failures.append("a prompt of 12 tokens and then token by token gives other bits than at once")
    }
    for chunk in [1, 7] where !sameBits(try engine.run(prompt, slot: 1, chunk: chunk), whole) {
      failures.append("in steps of \(chunk) the prompt gives other bits than at once")
    }
    return failures
  }

  /// The same prompts under three strengths in shared steps, rows in random order.
  func checkSlots() throws -> [String] {
    var failures: [String] = []
    let engine = try engine()
    try engine.setStrengths([steeringMap: 0.4], slot: 1)
    try engine.setStrengths([steeringMap: 1.2], slot: 2)
    let prompts = (0..<6).map { index in
      let tokens = randomPrompt(
        8 + index, seed: UInt64(index / 3), vocabulary: RandomModel.vocabulary)
      return Prompt(tokens, slot: Int32(index % 3))
    }
    var random = SplitMix64(state: 5)
    for rowsPerStep in [4, 32] {
      let schedule = mixedSchedule(prompts, rowsPerStep: rowsPerStep, using: &random)
      for (prompt, logits) in zip(prompts, try engine.run(prompts, schedule: schedule))
      where !sameBits(logits, try engine.run(prompt.tokens, slot: prompt.slot)) {
        failures.append(
          "\(prompt.tokens.count) rows of slot \(prompt.slot), among others: other bits than alone")
      }
    }
    return failures
  }
}
