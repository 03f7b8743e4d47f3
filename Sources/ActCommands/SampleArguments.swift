import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ArgumentParser

/// Which activations become samples, and how.
struct SampleArguments: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      Patterns of site names: globs, or re: and a regular expression, that match whole names. By default what the \
      method asks for, which for most is '\(DataRequirements().sites.joined(separator: " "))'.
      """,
      valueName: "pattern ..."))
  var sites: [String] = []
  @Flag(
    help: "Fit every site on the bare model; by default each site sees the earlier ones transported.")
  var simultaneous = false
  @Option(
    help: """
      How the tokens of a text become one sample; with all, every token is a sample. By default what the method asks \
      for, which for most is the mean.
      """)
  var pooling: Pooling?
  @Option(
    help: "The tokens that the map applies to: \(TokenScope.expected).",
    completion: .list(["all", "prompt", "generated", "last"]))
  var scope = "all"
  @Option(
    help: ArgumentHelp(
      "Leave the first N positions of every sequence out of the fit, and alone when steering.",
      valueName: "n"))
  var skipFirst = 0
  @OptionGroup var running: RunningWeights

  /// The sites of `model` that are asked for, by default those that `method` asks for.
  func sites(of model: Model, method: DataRequirements = DataRequirements()) throws -> [String] {
    try model.sites(matching: sites.isEmpty ? method.sites : sites)
  }

  /// The options, with what `method` asks for where nothing is given.
  func options(
    _ resources: ResourceArguments, output: String?, method: DataRequirements = DataRequirements()
  ) throws -> SampleOptions {
    guard (0...4096).contains(skipFirst), let scope = TokenScope(scope, skippedPositions: skipFirst) else {
      throw ValidationError(
        "--scope: expected \(TokenScope.expected); --skip-first: 0 to 4096")
    }
    var options = resources.options
    options.pooling = pooling ?? method.pooling
    options.scope = scope
    options.order = simultaneous ? .simultaneous : method.order ?? .causal
    options.output = output
    options.weights = running.weights
    return options
  }
}

extension Pooling: ExpressibleByArgument {}

/// What may be spent on a fit.
struct ResourceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The memory that may be used, as in 8GiB; by default half of the machine's.", valueName: "size"))
  var memory: ByteCount?
  @Option(
    name: .shortAndLong, help: ArgumentHelp("Run N threads; by default one a processor.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
    }
    if let memory, memory.bytes < FitMemory.least {
      throw ValidationError("--memory: expected at least \(FitMemory.least >> 20)MiB")
    }
  }

  var options: SampleOptions {
    var options = SampleOptions()
    options.memory = memory?.bytes
    options.threads = threads
    return options
  }
}
