import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import ActStatistics
import ModelChecks
import Testing
import Workbench

@Suite struct SiteSearchTests {
  private let model: Model
  private let data: PairedSamples
  private let heldOut: [[Int32]]

  init() throws {
    model = try Model(fixture("tiny-plain"))
    var random = SplitMix64(state: 8)
    func sequences(_ count: Int, _ tokens: Range<Int32>) -> [[Int32]] {
      (0..<count).map { _ in
        (0..<Int.random(in: 3...40, using: &random)).map { _ in .random(in: tokens, using: &random) }
      }
    }
    func samples(_ sequences: [[Int32]]) -> [FitSample] {
      sequences.enumerated().map { FitSample($1, pooledFrom: $0 % 2) }
    }
    data = PairedSamples(
      source: samples(sequences(70, 3..<200)), target: samples(sequences(30, 120..<320)))
    heldOut = sequences(20, 3..<320)
  }

  @Test func groupsAreRunsOfLayers() throws {
    let sites = try model.sites(matching: ["*norm", "*.o_proj"])
    let groups = SiteGroup.groups(of: sites, parts: 3)
    #expect(Set(groups.flatMap(\.sites)) == Set(sites))
    #expect(groups.reduce(0) { $0 + $1.sites.count } == sites.count)
    #expect(
      groups.filter { $0.kind == "model.layers.*.self_attn.o_proj" }.map(\.layers) == [0...0, 1...1, 2...3])
    #expect(groups.filter { $0.kind == "model.norm" }.map(\.layers) == [nil])
    for group in groups { #expect(try model.sites(matching: [group.pattern]) == group.sites) }
  }

  /// A group names no layer between its sites that was not chosen.
  @Test func layersWithGaps() throws {
    let sites = try model.sites(matching: ["re:.*\\.[03]\\..*norm", "*.2.self_attn.o_proj"])
    let groups = SiteGroup.groups(of: sites, parts: 1)
    #expect(groups.map(\.layers) == [0...3, 0...3, 2...2])
    for group in groups { #expect(try model.sites(matching: [group.pattern]) == group.sites) }
    let whole = SiteGroup.union(
      SiteGroup.groups(of: sites.filter { $0.hasSuffix("input_layernorm") }, parts: 2))
    #expect(whole == groups[0])
  }

  /// Every choice against a model with its maps alone.
  @Test(arguments: [Float(1), 0.5])
  func choicesAreWhatTheirMapsDo(strength: Float) throws {
    let sites = try model.sites(matching: ["*input_layernorm", "*.o_proj"])
    var options = FitOptions(method: linearAct)
    let found = try searchSites(
      model, data, sites: sites, heldOut: heldOut, options: options, parts: 2, strength: strength)
    #expect(found.end == "model.norm")
    #expect(found.choices.map(\.group.sites.count) == [2, 2, 4, 2, 2, 4])
    #expect(Set(found.choices.map(\.closed)).count == 6)

    options.samples.order = .simultaneous
    let whole = try fit(model, data, sites: sites, options: options)
    let target = try samples(data.target, steeredBy: nil, 0)
    let bare = distance(try samples(data.source, steeredBy: nil, 0), target)
    #expect((found.distance - bare).magnitude <= 1e-4 * bare)
    for choice in found.choices {
      var map = whole
      map.sites = whole.sites.filter { choice.group.sites.contains($0.name) }
      let ratio = distance(try samples(data.source, steeredBy: map, strength), target) / bare
      #expect((choice.closed - (1 - ratio * ratio)).magnitude <= 1e-3, "\(choice.group)")

      let engine = try model.makeEngine(steeredBy: map)
      let steered = try LanguageModel(engine, path: "", tokenizer: nil)
      let score = try steered.score(heldOut.map { ScoredText($0) }, strengths: [steeringMap: strength])
        .reduce(TextScore(), +)
      #expect((choice.perplexity / score.perplexity - 1).magnitude <= 1e-4, "\(choice.group)")
    }
    // No two choices of this model are alike, so that the strict order is the whole one.
    for choice in found.choices {
      let isBeaten = found.choices.contains {
        $0.closed > choice.closed && $0.perplexity < choice.perplexity
      }
      #expect(choice.isEfficient == (choice.closed > 0 && !isBeaten), "\(choice.group)")
    }
    #expect(Set(found.choices.map(\.perplexity)).count == 6)
    #expect(Set(found.choices.map(\.isEfficient)) == [true, false])
  }

  /// The mean of each sequence at the last norm, but for what comes before its pooled tokens.
  private func samples(_ side: [FitSample], steeredBy map: MapFile?, _ strength: Float) throws -> [[Float]] {
    let end = "model.norm"
    let engine = try model.makeEngine(steeredBy: map, .reference, recording: [end])
    if map != nil { try engine.setStrengths([steeringMap: strength], slot: 1) }
    return try side.map { sequence in
      let rows = try engine.run(sequence.tokens, slot: map == nil ? 0 : 1, result: end)
      let width = rows.count / sequence.tokens.count
      return (0..<width).map { channel in
        let first = sequence.pooledFrom * width + channel
        let values = stride(from: first, to: rows.count, by: width).map { Double(rows[$0]) }
        return Float(values.reduce(0, +) / Double(values.count))
      }
    }
  }

  private func distance(_ source: [[Float]], _ target: [[Float]]) -> Double {
    let squares = target[0].indices.map { channel in
      func sorted(_ side: [[Float]]) -> [Double] { side.map { Double($0[channel]) }.sorted() }
      let values = sorted(target)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return squaredWasserstein(sorted(source), values) / variance
    }
    return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
  }
}
