import ActFit
import ActIR
import ActPasses
import ArgumentParser

/// Which activations become samples, and how.
struct SampleArguments: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Sites: globs, or re: and a regular expression, over whole names.")
  var sites: [String] = ["*.self_attn.o_proj"]
  @Flag(help: "Fit every site on the bare model; by default a site sees all earlier sites transported.")
  var simultaneous = false
  @Option(help: "How a sample's tokens become one vector; all: each is a sample.")
  var pooling = SampleOptions.Pooling.mean
  @Option(help: "The tokens to which the map applies: all, prompt, generated, last, or positions as in 4-9.")
  var scope = "all"
  @Option(help: "Leave the first N positions of a sequence out of the fit and alone when steering.")
  var skipFirst = 0
  @Option(help: "What the model's matrices hold while it runs; by default as in the checkpoint.")
  var weights: WeightType?

  func options(_ resources: ResourceArguments, output: String?) throws -> SampleOptions {
    guard (0...4096).contains(skipFirst), let scope = TokenScope(scope, skippedPositions: skipFirst) else {
      throw ValidationError(
        "--scope: expected all, prompt, generated, last or positions as in 4-9; --skip-first: 0 to 4096")
    }
    var options = resources.options
    options.pooling = pooling
    options.scope = scope
    options.order = simultaneous ? .simultaneous : .causal
    options.output = output
    options.weights = weights
    return options
  }
}

extension SampleOptions.Pooling: ExpressibleByArgument {}

extension WeightType: ExpressibleByArgument {}

/// What may be spent on a fit.
struct ResourceArguments: ParsableArguments {
  @Option(help: "The memory that may be used, as in 8GiB; by default half of the machine's.")
  var memory: ByteCount?
  @Option(name: .shortAndLong, help: "Threads; by default one a processor.") var threads: Int?

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
