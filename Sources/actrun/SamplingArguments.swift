import ActRuntime
import ArgumentParser

/// How tokens are chosen, the same for every command that generates.
struct SamplingArguments: ParsableArguments {
  @Option(help: "Divides the logits; 0 takes the likeliest token. (default: 0.8)") var temp: Float?
  @Option(help: "Keep the K likeliest tokens; 0 keeps all. (default: 40)") var topK: Int?
  @Option(help: "Keep the likeliest tokens that reach this probability together. (default: 0.95)")
  var topP: Float?
  @Option(help: "Drop tokens less likely than this share of the likeliest. (default: 0.05)")
  var minP: Float?
  @Option(help: "Penalty of tokens seen before; 1 is none. (default: 1)") var repetitionPenalty: Float?
  @Option(help: "The same seed gives the same texts. (default: 0)") var seed: UInt64?

  func validate() throws {
    let options = options
    guard options.temperature >= 0, options.temperature.isFinite else {
      throw ValidationError("--temp: expected 0 or more")
    }
    guard options.topK >= 0 else { throw ValidationError("--top-k: expected 0 or more") }
    guard options.topP > 0, options.topP <= 1 else {
      throw ValidationError("--top-p: expected above 0, at most 1")
    }
    guard (0...1).contains(options.minP) else { throw ValidationError("--min-p: expected 0 to 1") }
    guard options.repetitionPenalty > 0, options.repetitionPenalty.isFinite else {
      throw ValidationError("--repetition-penalty: expected above 0")
    }
  }

  var options: SamplingOptions {
    var options = SamplingOptions()
    if let temp { options.temperature = temp }
    if let topK { options.topK = topK }
    if let topP { options.topP = topP }
    if let minP { options.minP = minP }
    if let repetitionPenalty { options.repetitionPenalty = repetitionPenalty }
    if let seed { options.seed = seed }
    return options
  }

  /// The options that were given.
  var given: [String] {
    [
      ("--temp", temp != nil), ("--top-k", topK != nil), ("--top-p", topP != nil), ("--min-p", minP != nil),
      ("--repetition-penalty", repetitionPenalty != nil), ("--seed", seed != nil),
    ].filter(\.1).map(\.0)
  }
}
