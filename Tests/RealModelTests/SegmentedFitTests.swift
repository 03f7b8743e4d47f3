import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ModelChecks
import Testing

/// The segmented fit of SmolLM2 against the oracle that runs the whole model for every site, to the bit.
@Suite(.serialized, SmolLM2.isThere) struct SegmentedFitTests {
  private func check(_ pattern: String, _ order: FitOrder, samples count: Int) throws {
    let model = try SmolLM2.model()
    let reference = try FitReference("smollm2")
    let data = PairedSamples(
      source: Array(reference.source.prefix(count)), target: Array(reference.target.prefix(count)))
    let sites = try model.sites(matching: [pattern])
    var options = FitOptions(method: linearAct)
    options.samples.order = order
    let found = try fit(model, data, sites: sites, options: options)
    let expected = try naiveFit(model, data, sites: sites, options: options)
    #expect(found.sites.map(\.name) == sites)
    for (found, expected) in zip(found.sites, expected.sites) {
      #expect(found == expected, "\(found.name)")
    }
  }

  /// The oracle compiles the model once for every site, so that these are some of each kind.
  @Test(arguments: [
    "re:model\\.norm|model\\.layers\\.[0-9]\\..*norm",
    "re:.*\\.[12][0-9]\\.self_attn\\.o_proj", "re:model\\.layers\\.[0-9]",
  ])
  func causalEqualsTheOracle(pattern: String) throws { try check(pattern, .causal, samples: 4) }

  @Test(arguments: ["re:.*norm", "*.o_proj", "re:model\\.layers\\.[0-9]+"])
  func simultaneousEqualsTheOracle(pattern: String) throws {
    try check(pattern, .simultaneous, samples: 12)
  }
}
