import ActFormats
import ActRuntime
import ActTerminal
import ArgumentParser

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a plan on tensors: `tokens` in, the plan's results out.",
    discussion: """
      The input file has `tokens` i32[T]; the output file has every result, `logits` f32[T,V]. With --expected the
      results are compared with those of a file, |found - expected| <= atol + rtol * |expected|.

      Examples:
        actrun run SmolLM2.plan --input in.safetensors -o out.safetensors
        actrun run SmolLM2.plan --input in.safetensors -o out.safetensors --dump '*input_layernorm'
        actrun run SmolLM2.plan --input in.safetensors --expected reference.safetensors --rtol 1e-4
      """)

  @Argument(help: "The plan.") var plan: String
  @Option(help: "A safetensors file with the inputs.") var input: String
  @Option(name: .shortAndLong, help: "The safetensors file to write.") var output: String?
  @Option(
    parsing: .upToNextOption, help: "Sites whose values are wanted too: globs, or re: and an expression.")
  var dump: [String] = []
  @Option(help: "A safetensors file with results to compare with.") var expected: String?
  @Option(help: "The absolute tolerance.") var atol = 1e-5
  @Option(help: "The relative tolerance.") var rtol = 1e-4
  @OptionGroup var steering: SteeringOptions

  func validate() throws {
    guard output != nil || expected != nil else { throw ValidationError("give -o, --expected, or both") }
    guard atol >= 0, rtol >= 0 else { throw ValidationError("--atol and --rtol take 0 or more") }
  }

  func run() throws {
    let model = try LanguageModel(plan, threads: steering.threads)
    let tokens = try readTokens(model)
    let sites = try SitePattern.choose(
      dump, from: model.engine.observableSites,
      unmatched: "matches no site that this plan computes; fused ones are kept by `actc compile --no-fuse`")
    let results = try model.evaluate(tokens, strengths: steering.strengths(), sites: Set(sites))
    if let output {
      let writer = try SafetensorsWriter(
        output, results.map { .init($0.name, .f32, [$0.values.count / $0.width, $0.width]) })
      for result in results { try result.values.withUnsafeBytes { try writer.append($0, to: result.name) } }
      try writer.finish()
    }
    if let expected { try compare(results, with: SafetensorsFile(expected)) }
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

  private func compare(_ results: [LanguageModel.Result], with file: SafetensorsFile) throws {
    var compared = 0
    for result in results {
      guard let tensor = file[result.name] else { continue }
      compared += 1
      guard tensor.dtype == .f32, tensor.shape == [result.values.count / result.width, result.width] else {
        let shape = [result.values.count / result.width, result.width]
        throw FileError(
          file.path, result.name, "expected F32 \(shape), found \(tensor.dtype.rawValue) \(tensor.shape)")
      }
      var worst = (index: 0, excess: -Double.infinity)
      var (error, power) = (0.0, 0.0)
      file.bytes(of: tensor).withMemoryRebound(to: Float.self) { expected in
        for index in expected.indices {
          let difference = Double(result.values[index]) - Double(expected[index])
          error += difference * difference
          power += Double(expected[index]) * Double(expected[index])
          // Equal infinities have no difference.
          let isEqual = result.values[index] == expected[index]
          let excess = isEqual ? -atol : abs(difference) - atol - rtol * abs(Double(expected[index]))
          // A NaN is the worst of all, and stays it.
          if !(excess <= worst.excess), !worst.excess.isNaN { worst = (index, excess) }
        }
      }
      let place = "row \(worst.index / result.width), column \(worst.index % result.width)"
      print("\(result.name): NMSE \(error / max(power, .leastNormalMagnitude)), worst at \(place)")
      guard worst.excess <= 0 else {
        throw CheckFailed(
          "\(result.name): beyond the tolerance at \(place); found \(result.values[worst.index])")
      }
    }
    guard compared > 0 else { throw FileError(file.path, nil, "none of the plan's results is in it") }
  }
}
