import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// The distances of a fit's summary against their definition, on activations that an engine records.
@Suite struct FitSummaryTests {
  static let sites = ["model.layers.0.input_layernorm", "model.layers.2.post_attention_layernorm"]
  let model: Model
  let data: PairedSamples

  init() throws {
    model = try Model(fixture("tiny-plain"))
    var random = SplitMix64(state: 8)
    func sequences(_ count: Int, _ tokens: Range<Int32>) -> [[Int32]] {
      (0..<count).map { _ in (0..<6).map { _ in Int32.random(in: tokens, using: &random) } }
    }
    data = PairedSamples(source: sequences(24, 0..<60), target: sequences(15, 40..<120))
  }

  private func options(_ method: SteeringMethod, _ order: FitOrder) -> FitOptions {
    var options = FitOptions(method: method)
    options.samples.order = order
    options.report = FitReport(limit: 1000)
    return options
  }

  /// The mean of each sequence at a site, by sequence and channel, in a model with the maps of `map` at full strength.
  private func samples(_ side: [FitSample], _ site: String, steeredBy map: MapFile? = nil) throws
    -> [[Float]]
  {
    let engine = try model.makeEngine(steeredBy: map, .reference, recording: [site])
    if map != nil { try engine.setStrengths([steeringMap: 1], slot: 1) }
    return try side.map { sequence in
      let rows = try engine.run(sequence.tokens, slot: map == nil ? 0 : 1, result: site)
      let width = rows.count / sequence.tokens.count
      return (0..<width).map { channel in
        let values = stride(from: channel, to: rows.count, by: width).map { Double(rows[$0]) }
        return Float(values.reduce(0, +) / Double(values.count))
      }
    }
  }

  private func distance(_ source: [[Float]], _ target: [[Float]]) -> Double {
    func column(_ rows: [[Float]], _ channel: Int) -> [Double] { rows.map { Double($0[channel]) }.sorted() }
    let squares = target[0].indices.map { channel in
      let (a, b) = (column(source, channel), column(target, channel))
      let center = b.reduce(0, +) / Double(b.count)
      let variance = b.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(b.count)
      // Pairs of the samples repeated until their counts are equal.
      let pairs = zip(
        a.flatMap { Array(repeating: $0, count: b.count) }, b.flatMap { Array(repeating: $0, count: a.count) }
      )
      return pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(a.count * b.count) / variance
    }
    return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
  }

  private func transported(_ rows: [[Float]], _ file: MapFile, _ site: String) throws -> [[Float]] {
    let values = try file.transported(rows.flatMap(\.self), at: site, of: model)
    let width = rows[0].count
    return rows.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  static let methods = [linearAct, gaussianAct, meanAct, ablation, lowRankOT]

  @Test(arguments: methods, [Support.all, .quantiles(lower: 10, upper: 90)])
  func simultaneous(method: SteeringMethod, support: Support) throws {
    var options = options(method, .simultaneous)
    options.support = support
    let file = try fit(model, data, sites: Self.sites, options: options)
    let summary = FitSummary(file, options)
    #expect(summary.sites.map(\.name) == Self.sites)
    #expect((summary.sourceCount, summary.targetCount) == (24, 15))
    for site in summary.sites {
      let source = try samples(data.source, site.name)
      let target = try samples(data.target, site.name)
      let expected = distance(source, target)
      #expect((site.before / expected - 1).magnitude < 1e-4)
      let after = distance(try transported(source, file, site.name), target)
      #expect((try #require(site.after) / after - 1).magnitude < 1e-3)
      // An ablation takes both sides to the same place along one direction, which may be farther.
      if method.name != ablation.name { #expect(after < expected) }
      #expect(site.constantChannels == 0)
      #expect((site.outsideShare == nil) == (support == .all))
    }
    #expect((summary.sites.map { summary.share(of: $0) }.reduce(0, +) - 1).magnitude < 1e-9)
  }

  /// In causal order the distance of a site is what earlier transports leave of it.
  @Test func causal() throws {
    let options = options(linearAct, .causal)
    let file = try fit(model, data, sites: Self.sites, options: options)
    let summary = FitSummary(file, options)
    var first = file
    first.sites.removeLast()
    let site = Self.sites[1]
    let source = try samples(data.source, site, steeredBy: first)
    let target = try samples(data.target, site, steeredBy: first)
    let expected = distance(source, target)
    #expect((summary.sites[1].before / expected - 1).magnitude < 1e-3)
    let bare = try distance(samples(data.source, site), samples(data.target, site))
    #expect((bare / expected - 1).magnitude > 0.01)
  }

  /// Of tokens, not of samples: with the whole range of the samples' means as support, tokens still lie outside.
  @Test func tokensOutsideTheSupport() throws {
    var options = options(meanAct, .simultaneous)
    options.support = .quantiles(lower: 0, upper: 100)
    let file = try fit(model, data, sites: [Self.sites[0]], options: options)
    let engine = try model.makeEngine(recording: [Self.sites[0]])
    let (low, high) = (file.sites[0].parameters["low"]!.values, file.sites[0].parameters["high"]!.values)
    var (outside, count) = (0, 0)
    for sequence in data.source {
      for (index, x) in try engine.run(sequence.tokens, result: Self.sites[0]).enumerated() {
        outside += x < low[index % 32] || x > high[index % 32] ? 1 : 0
        count += 1
      }
    }
    let share = try #require(FitSummary(file, options).sites[0].outsideShare)
    #expect(outside > 0)
    #expect((share - Double(outside) / Double(count)).magnitude < 1e-3)
  }

  /// A channel in which the target does not vary is counted and left out; a source equal to the target is at no distance.
  @Test func constantChannelsAndEqualSides() throws {
    let same = PairedSamples(source: data.source, target: data.source)
    let options = options(meanAct, .simultaneous)
    let file = try fit(model, same, sites: [Self.sites[0]], options: options)
    #expect(FitSummary(file, options).sites[0].before == 0)

    let one = PairedSamples(source: data.source, target: [data.target[0], data.target[0]])
    let again = self.options(meanAct, .simultaneous)
    let other = try fit(model, one, sites: [Self.sites[0]], options: again)
    let site = FitSummary(other, again).sites[0]
    #expect(site.constantChannels == 32)
    #expect(site.before == 0 && site.closed == 0)
  }

  @Test func measuringChangesNothing() throws {
    var options = options(linearAct, .causal)
    let measured = try fit(model, data, sites: Self.sites, options: options)
    options.report = nil
    #expect(try fit(model, data, sites: Self.sites, options: options) == measured)
  }
}
