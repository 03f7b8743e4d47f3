import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

/// How tokens are chosen, the same for every command that generates.
struct SamplingArguments: ParsableArguments {
  @Option(help: "Divides the logits; 0 takes the likeliest token.") var temp: Float = 0.8
  @Option(help: "Keep the k likeliest tokens; 0 keeps all.") var topK = 40
  @Option(help: "Keep the likeliest tokens that reach this probability together.") var topP: Float = 0.95
  @Option(help: "Drop tokens less likely than this share of the likeliest.") var minP: Float = 0.05
  @Option(help: "Penalty of tokens seen before; 1 is none.") var repetitionPenalty: Float = 1
  @Option(help: "The same seed gives the same text.") var seed: UInt64 = 0

  func validate() throws {
    guard temp >= 0, temp.isFinite else { throw ValidationError("--temp: expected 0 or more") }
    guard topK >= 0 else { throw ValidationError("--top-k: expected 0 or more") }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p: expected above 0, at most 1") }
    guard (0...1).contains(minP) else { throw ValidationError("--min-p: expected 0 to 1") }
    guard repetitionPenalty > 0, repetitionPenalty.isFinite else {
      throw ValidationError("--repetition-penalty: expected above 0")
    }
  }

  var options: SamplingOptions {
    var options = SamplingOptions()
    options.temperature = temp
    options.topK = topK
    options.topP = topP
    options.minP = minP
    options.repetitionPenalty = repetitionPenalty
    options.seed = seed
    return options
  }
}

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continues a text.",
    discussion: """
      Examples:
        actrun generate SmolLM2.plan -p "Once upon a time"
        actrun generate steered.plan -p "Once upon a time" --steer football=0.5 -n 60 --seed 7
      """)

  @Argument(help: "The plan.") var plan: String
  @Option(name: .shortAndLong, help: "The text to continue; - reads standard input.") var prompt: String
  @Option(name: [.customShort("n"), .long], help: "The most tokens to generate.") var tokens = 128
  @OptionGroup var steering: SteeringOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @Flag(help: "As JSON, at the end.") var json = false

  func validate() throws {
    guard (1...1 << 20).contains(tokens) else { throw ValidationError("-n: expected 1 or more tokens") }
  }

  func run() throws {
    let model = try LanguageModel(plan, threads: steering.threads)
    let text = prompt == "-" ? try readText("-") : prompt
    var request = GenerationRequest(prompt: try model.encode(text), maximumTokens: tokens)
    let room = model.contextLength - request.prompt.count
    guard room > 0 else {
      throw EngineError(
        "a prompt of \(request.prompt.count) tokens; the plan's context is \(model.contextLength)")
    }
    request.maximumTokens = min(tokens, room)
    request.strengths = try steering.strengths()
    request.sampling = sampling.options
    if let end = model.tokenizer?.eosToken { request.stopTokens = [Int32(end)] }

    var decoder = model.tokenizer?.streamingDecoder()
    if !json { stream(text) }
    let (generations, timing) = try model.generate([request]) { _, token in
      if !json { stream(decoder?.append(Int(token)) ?? "") }
    }
    if json {
      let tokens = generations[0].tokens
      print(
        JSON.object([
          "prompt": .string(text), "text": .string(model.decode(tokens)),
          "tokens": .array(tokens.map { .int(Int($0)) }), "prompt_tokens": .int(timing.promptTokens),
          "prefill_seconds": .double(timing.prefill.seconds),
          "decode_seconds": .double(timing.decode.seconds),
        ]).pretty, terminator: "")
    } else {
      stream((decoder?.finish() ?? "") + "\n")
      let decoded = Double(max(timing.generatedTokens - 1, 0))
      note(
        """
        \(timing.promptTokens) prompt tokens in \(fixed(timing.prefill.seconds, 3)) s; \
        \(timing.generatedTokens) tokens at \(fixed(decoded / max(timing.decode.seconds, 1e-9), 1)) tokens/s
        """)
    }
  }
}
