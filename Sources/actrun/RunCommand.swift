import ActEval
import ActFormats
import ActIR
import ActPlan
import ActRuntime
import ActTerminal
import ActText
import ArgumentParser

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a plan on tensors: its inputs in, its results out.",
    usage: "actrun run <plan> --input <input> [<options>]",
    discussion: """
      The input file has `tokens` i32[T], of one text or of several, one after another, where `sequences` i32[T] says \
      to which each token belongs, as in 0, 0, 0, 1, 1. Of an encoder it may have `token_types` i32[T] too, which are 0 \
      where they are left out. The output file has every result: of a language model `logits` f32[T,V], of an encoder \
      `last_hidden_state` f32[T,D]; and the sites of --dump. Images are [B,C,H,W]. Of a plan of several modules those \
      run whose inputs are in the file or come from modules before them, as a decoder's latents from its encoder.

      With --expected each of these that the file has is compared with it: the squared differences, summed, may be at \
      most --nmse times the expected squares. Where one is more, the command fails with exit code 1.

      Examples:
        actrun run SmolLM2.plan --input in.safetensors -o out.safetensors
        actrun run SmolLM2.plan --input in.safetensors -o out.safetensors \\
          --dump '*input_layernorm'
        actrun run MiniLM.plan --input texts.safetensors -o states.safetensors
        actrun run steered.plan --input in.safetensors --steer football=1 \\
          --expected reference.safetensors
      """)

  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Option(
    help: "A safetensors file with the inputs.", completion: .file(extensions: ["safetensors"]))
  var input: String
  @Option(
    name: .shortAndLong, help: "The safetensors file to write.",
    completion: .file(extensions: ["safetensors"]))
  var output: String?
  @Option(
    parsing: .upToNextOption,
    help: """
      Sites whose values are results too: globs, or re: and a regular expression. What a module reads is NAME:in, what \
      it adds to that NAME:delta.
      """)
  var dump: [String] = []
  @Option(
    help: "A safetensors file with the results to expect.", completion: .file(extensions: ["safetensors"]))
  var expected: String?
  @Option(help: "The largest normalized mean squared error of each expected result.") var nmse = 1e-6
  @Option(
    help: ArgumentHelp(
      "How many tokens of each sequence are its prompt, for scopes, changing strengths and tests of prompts; by default all.",
      valueName: "n"))
  var promptTokens: Int?
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "Print the comparison as JSON.") var json = false

  func validate() throws {
    guard output != nil || expected != nil else { throw ValidationError("give -o, --expected, or both") }
    guard (1...1 << 24).contains(promptTokens ?? 1) else {
      throw ValidationError("--prompt-tokens: expected 1 or more")
    }
    guard nmse >= 0 else { throw ValidationError("--nmse: expected 0 or more, found \(nmse)") }
    guard expected != nil || !json else {
      throw ValidationError("--json: expected --expected, which it prints")
    }
    try steering.validateSingle()
  }

  func run() throws {
    let file = try PlanFile(plan)
    let expected = try expected.map { try SafetensorsFile($0) }
    let results = try file.modules.allSatisfy(\.caches.isEmpty) ? evaluateEntries(file) : evaluateTokens(file)
    if let output {
      let writer = try SafetensorsWriter(output, results.map { .init($0.name, .f32, $0.shape) })
      for result in results { try result.values.withUnsafeBytes { try writer.append($0, to: result.name) } }
      try writer.finish()
    }
    if let expected { try compare(results, with: expected, isNarrow: file.plan.hasNarrowValues) }
  }

  private func evaluateTokens(_ file: PlanFile) throws -> [ResultTensor] {
    let model = try LanguageModel(file, threads: steering.threads)
    let sequences = try readSequences(model)
    let (strengths, sites) = (try steering.strengths(for: model), try DumpedSites(dump, of: [model.engine]))
    var results: [ResultTensor] = []
    for tokens in sequences {
      let promptCount = promptTokens.map { min($0, tokens.count) }
      let more = try model.evaluate(
        tokens, promptCount: promptCount, strengths: strengths, sites: sites.observed)
      if results.isEmpty {
        results = more
      } else {
        for index in results.indices { results[index].append(rows: more[index]) }
      }
    }
    return sites.results(of: results)
  }

  private func evaluateEntries(_ file: PlanFile) throws -> [ResultTensor] {
    guard promptTokens == nil else {
      throw ValidationError(
        "--prompt-tokens: expected a language model's plan, found one that reads whole entries")
    }
    let tensors = try SafetensorsFile(input)
    let pipeline = try EntryPipeline(file, threads: steering.threads)
    let running = try pipeline.modules(for: tensors)
    let sites = try DumpedSites(dump, of: running.map(\.engine))
    let results = try pipeline.evaluate(
      running, on: tensors, strengths: { try steering.strengths(for: $0.engine) }, sites: sites.observed)
    return sites.results(of: results)
  }

  /// The tokens of each sequence.
  private func readSequences(_ model: LanguageModel) throws -> [[Int32]] {
    let file = try SafetensorsFile(input)
    guard let tokens = try readIntegers("tokens", of: file) else {
      throw FileError(input, "tokens", "no such tensor", next: "give tokens i32[T]")
    }
    if let bad = tokens.first(where: { $0 < 0 || $0 >= model.tokenCount }) {
      throw FileError(input, "tokens", "expected 0 to \(model.tokenCount - 1), found \(bad)")
    }
    let counts = try readIntegers(EntryInputs.sequences, of: file).map {
      try EntryInputs.rowCounts(of: $0, rows: tokens.count, path: input)
    }
    var start = 0
    return try (counts ?? [tokens.count]).map { count in
      guard count <= model.contextLength else {
        throw FileError(
          input, "tokens", "expected at most \(model.contextLength), the plan's context, found \(count)")
      }
      defer { start += count }
      return tokens[start..<start + count].map { Int32($0) }
    }
  }

  private func readIntegers(_ name: String, of file: SafetensorsFile) throws -> [Int]? {
    guard let tensor = file[name] else { return nil }
    guard tensor.shape.count == 1, tensor.dtype == .i32 || tensor.dtype == .i64, tensor.elementCount > 0
    else {
      throw FileError(input, name, "expected I32 [T], found \(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return file.integers(of: tensor)
  }

  private func compare(_ results: [ResultTensor], with file: SafetensorsFile, isNarrow: Bool) throws {
    let comparisons = try results.compactMap { try ResultComparison($0, with: file) }
    guard !comparisons.isEmpty else {
      throw FileError(file.path, nil, "none of the plan's results is in it")
    }
    if json {
      print(JSON.array(comparisons.map(\.json)).pretty, terminator: "")
    } else {
      for comparison in comparisons { print(comparison) }
    }
    if let bad = comparisons.first(where: { !$0.isWithin(nmse) }) {
      let next =
        isNarrow
        ? "; in bf16 the last bit of a value may make 1e-4: compile both plans with --weights f32 --kv f32, or allow --nmse 1e-4"
        : ""
      throw CheckFailed("NMSE above \(nmse), \(bad)\(next)")
    }
  }
}

extension ResultComparison {
  fileprivate var json: JSON {
    .object([
      "name": .string(name), "nmse": .double(normalizedSquaredError), "row": .int(row),
      "column": .int(column),
      "found": .double(Double(found)), "expected": .double(Double(expected)),
    ])
  }
}
