import ActPasses
import ArgumentParser

/// What a model's matrices hold while activations are collected.
struct RunningWeights: ParsableArguments {
  @Option(help: "What the model's matrices hold while it runs; by default what the checkpoint holds.")
  var weights: WeightType?
}

extension WeightType: ExpressibleByArgument {}
