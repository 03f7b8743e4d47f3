import ActEval
import ActFormats
import ActRuntime
import ActTerminal
import ActText
import ArgumentParser

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a plan on tensors: `tokens` in, the plan's results out.",
    usage: "actrun run <plan> --input <input> [<options>]",
    discussion: """
      The input file has `tokens` i32[T]; the output file has every result, `logits` f32[T,V], and the sites of --dump. \
      With --expected each of these that the file has is compared with it: the squared differences, summed, may be at \
      most --nmse times the expected squares. Where one is more, the command fails with exit code 1.

      Examples:
        actrun run SmolLM2.plan --input in.safetensors -o out.safetensors
        actrun run SmolLM2.plan --input in.safetensors -o out.safetensors \\
          --dump '*input_layernorm'
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
    help: "Sites whose values are results too: globs, or re: and a regular expression.")
  var dump: [String] = []
  @Option(
    help: "A safetensors file with the results to expect.", completion: .file(extensions: ["safetensors"]))
  var expected: String?
  @Option(help: "The largest normalized mean squared error of each expected result.") var nmse = 1e-6
  @OptionGroup var steering: SteeringOptions
  @Flag(help: "Print the comparison as JSON.") var json = false

  func validate() throws {
    guard output != nil || expected != nil else { throw ValidationError("give -o, --expected, or both") }
    guard nmse >= 0 else { throw ValidationError("--nmse: expected 0 or more, found \(nmse)") }
    guard expected != nil || !json else {
      throw ValidationError("--json: expected --expected, which it prints")
    }
    try steering.validateSingle()
  }

  func run() throws {
    let model = try LanguageModel(plan, threads: steering.threads)
    let tokens = try readTokens(model)
    let sites = try SitePattern.choose(
      dump, from: model.engine.observableSites,
      unmatched: "matches no site that this plan computes; fused ones are kept by `actc compile --no-fuse`")
    let expected = try expected.map { try SafetensorsFile($0) }
    let results = try model.evaluate(tokens, strengths: steering.strengths(for: model), sites: Set(sites))
    if let output {
      let writer = try SafetensorsWriter(
        output, results.map { .init($0.name, .f32, [$0.values.count / $0.width, $0.width]) })
      for result in results { try result.values.withUnsafeBytes { try writer.append($0, to: result.name) } }
      try writer.finish()
    }
    if let expected { try compare(results, with: expected, model) }
  }

  private func readTokens(_ model: LanguageModel) throws -> [Int32] {
    let file = try SafetensorsFile(input)
    guard let tensor = file["tokens"] else {
      throw FileError(input, "tokens", "no such tensor", next: "give tokens i32[T]")
    }
    guard tensor.shape.count == 1, tensor.dtype == .i32 || tensor.dtype == .i64, tensor.elementCount > 0
    else {
      throw FileError(input, "tokens", "expected I32 [T], found \(tensor.dtype.rawValue) \(tensor.shape)")
    }
    let bytes = file.bytes(of: tensor)
    let values =
      tensor.dtype == .i32
      ? bytes.withMemoryRebound(to: Int32.self) { $0.map { Int($0) } }
      : bytes.withMemoryRebound(to: Int64.self) { $0.map { Int($0) } }
    guard let bad = values.first(where: { $0 < 0 || $0 >= model.tokenCount }) else {
      guard values.count <= model.contextLength else {
        throw FileError(
          input, "tokens",
          "expected at most \(model.contextLength), the plan's context, found \(values.count)")
      }
      return values.map { Int32($0) }
    }
    throw FileError(input, "tokens", "expected 0 to \(model.tokenCount - 1), found \(bad)")
  }

  private func compare(_ results: [LanguageModel.Result], with file: SafetensorsFile, _ model: LanguageModel)
    throws
  {
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
        model.hasNarrowValues
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
