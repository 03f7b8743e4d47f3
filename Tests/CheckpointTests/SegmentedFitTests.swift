import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ModelChecks
import Testing
import Workbench

/// The segmented fit against the oracle that runs the whole model for every site.
@Suite struct SegmentedFitTests {
  static let patterns = [
    "*_layernorm", "*.o_proj", "re:model\\.layers\\.[0-9]+", "*_proj", "re:.*norm", "*.act_fn", "*",
    "*_proj:in", "re:.*layers\\.[0-9](:in|:delta)?", "re:.*layers\\.1\\..*(:in|:delta)?",
  ]

  private func samples(_ count: Int, longest: Int, seed: UInt64) -> [FitSample] {
    var random = SplitMix64(state: seed)
    return (0..<count).map { index in
      let length = Int.random(in: 4...longest, using: &random)
      let tokens = (0..<length).map { _ in Int32.random(in: 0..<64, using: &random) }
      return FitSample(tokens, pooledFrom: index % 3 == 0 ? Int.random(in: 0...2, using: &random) : 0)
    }
  }

  private func check(_ model: Model, _ sites: [String], _ options: FitOptions) throws {
    let pairs = options.method.requirements.pairs ? options.method.requirements.mostPairs ?? 9 : nil
    let data = PairedSamples(
      source: samples(pairs ?? 13, longest: 19, seed: 1), target: samples(pairs ?? 9, longest: 25, seed: 2))
    let found = try fit(model, data, sites: sites, options: options)
    let expected = try naiveFit(model, data, sites: sites, options: options)
    #expect(found.sites.map(\.name) == sites)
    for (found, expected) in zip(found.sites, expected.sites) {
      #expect(found == expected, "\(found.name)")
    }
  }

  @Test(arguments: smallCheckpoints, patterns)
  func causalEqualsTheOracle(checkpoint: String, pattern: String) throws {
    let model = try Model(fixture(checkpoint))
    var options = FitOptions(method: linearAct)
    options.samples.rows = 40
    try check(model, try model.sites(matching: [pattern]), options)
  }

  @Test(arguments: patterns)
  func simultaneousEqualsTheOracle(pattern: String) throws {
    let model = try Model(fixture("tiny-plain"))
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    options.samples.rows = 32
    try check(model, try model.sites(matching: [pattern]), options)
  }

  @Test(arguments: [Support.all, .quantiles(lower: 0, upper: 100)], registeredMethods)
  func skippedPositionsSupportAndMethods(support: Support, method: SteeringMethod) throws {
    let model = try Model(fixture("tiny-gqa"))
    var options = FitOptions(method: method, settings: method.smallSettings())
    options.samples.scope = TokenScope(.all, skippedPositions: 2)
    options.samples.pooling = .mean
    options.support = method.requirements.mostPairs == 1 ? .all : support
    for pattern in method.smallSites("*_layernorm", "*_proj", "re:model\\.layers\\.[0-9]+") {
      try check(model, try model.sites(matching: [pattern]), options)
    }
  }

  /// Rows of experts are pooled as those of heads are, whatever is made of them.
  @Test(
    arguments: ["tiny-mixtral", "tiny-qwen2-moe"],
    ["*.gate", "*.experts.*", "re:.*(mlp|experts|shared_expert_gate)", "*"])
  func experts(checkpoint: String, pattern: String) throws {
    let model = try Model(fixture(checkpoint))
    let sites = try model.sites(matching: [pattern])
    // One of each form of fit.
    let methods = [linearAct, east, leace, caa]
    for method in pattern == "*" ? [linearAct] : methods {
      var options = FitOptions(method: method)
      options.samples.rows = 40
      options.samples.pooling = .mean
      options.support = method.requirements.mostPairs == 1 ? .all : .quantiles(lower: 0, upper: 100)
      try check(model, sites, options)
    }
  }

  /// The oracle rounds its weights too.
  @Test(arguments: WeightType.allCases, [FitOrder.causal, .simultaneous])
  func narrowWeights(weights: WeightType, order: FitOrder) throws {
    let model = try Model(fixture("tiny-plain"))
    var options = FitOptions(method: linearAct)
    options.samples.weights = weights
    options.samples.order = order
    try check(model, try model.sites(matching: ["*_layernorm", "*.o_proj"]), options)
  }

  /// Batches of one sample, of some, and all at once; one worker and two.
  @Test(arguments: [1, 64, 512], [1, 2])
  func batchesDoNotMatter(rows: Int, threads: Int) throws {
    let model = try Model(fixture("tiny-plain"))
    let sites = try model.sites(matching: ["*_proj"])
    let data = PairedSamples(
      source: samples(11, longest: 30, seed: 3), target: samples(17, longest: 30, seed: 4))
    var options = FitOptions(method: linearAct)
    let expected = try fit(model, data, sites: sites, options: options)
    options.samples.rows = rows
    options.samples.threads = threads
    #expect(try fit(model, data, sites: sites, options: options) == expected)
  }
}
