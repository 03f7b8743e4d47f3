import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ModelChecks
import Testing
import Workbench

/// Fits whose samples several processes collect.
@Suite struct ShardedFitTests {
  private let model: Model
  private let sites: [String]
  private let data: PairedSamples
  private let directory: TemporaryDirectory

  init() throws {
    model = try Model(fixture("tiny-gqa"))
    sites = try model.sites(matching: ["*_proj", "*norm"])
    directory = try TemporaryDirectory()
    var random = SplitMix64(state: 6)
    func samples(_ count: Int) -> [FitSample] {
      (0..<count).map { index in
        let tokens = (0..<Int.random(in: 4...20, using: &random)).map { _ in
          Int32.random(in: 0..<64, using: &random)
        }
        return FitSample(tokens, pooledFrom: index % 3)
      }
    }
    data = PairedSamples(source: samples(13), target: samples(8))
  }

  private func part(_ number: Int, _ count: Int) throws -> SampleFile.Part {
    try #require(SampleFile.Part(number, of: count))
  }

  private func collect(
    _ options: SampleOptions, _ shard: SampleFile.Part, after fitted: MapFile? = nil,
    of data: PairedSamples? = nil, at sites: [String]? = nil
  ) throws -> SampleFile {
    let path = directory.file("\(shard.number)-\(shard.count).samples.safetensors")
    try ActFit.collect(
      model, SampleShard(shard, of: data ?? self.data), sites: sites ?? self.sites, after: fitted,
      options: options,
      dataHashes: ["source": "a", "target": "b"], output: path)
    return try SampleFile(reading: path)
  }

  private func sites(of method: SteeringMethod) throws -> [String] {
    method.requirements.heads ? try model.sites(matching: method.requirements.sites) : sites
  }

  /// All rounds, the shards of each in another order.
  private func collectAndSolve(
    _ options: FitOptions, shards count: Int, _ data: PairedSamples
  ) throws -> MapFile {
    let sites = try sites(of: options.method)
    var fitted: MapFile?
    for round in 1...model.rounds(at: sites, options.samples.order) {
      var shards = try (1...count).map {
        try collect(options.samples, part($0, count), after: fitted, of: data, at: sites)
      }
      #expect(shards[0].header.round.number == round)
      shards.swapAt(round % count, 0)
      var solving = options
      solving.samples = SampleOptions()
      fitted = try solve(shards, onto: fitted, options: solving)
    }
    return try #require(fitted)
  }

  private func check(_ options: FitOptions, shards count: Int) throws {
    var data = data
    if options.method.requirements.pairs {
      let pairs = min(data.source.count, data.target.count, options.method.requirements.mostPairs ?? .max)
      data = PairedSamples(source: Array(data.source[..<pairs]), target: Array(data.target[..<pairs]))
    }
    var expected = try fit(model, data, sites: sites(of: options.method), options: options)
    expected.dataHashes = ["source": "a", "target": "b"]
    #expect(try collectAndSolve(options, shards: count, data) == expected)
  }

  @Test(arguments: [1, 3, 20], registeredMethods)
  func simultaneousEqualsOneProcess(shards: Int, method: SteeringMethod) throws {
    var options = FitOptions(method: method, settings: method.smallSettings())
    options.samples.order = .simultaneous
    try check(options, shards: shards)
  }

  @Test(arguments: Pooling.allCases)
  func poolingScopeAndSupport(pooling: Pooling) throws {
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    options.samples.pooling = pooling
    options.samples.scope = TokenScope(.all, skippedPositions: 1)
    options.support = .quantiles(lower: 10, upper: 90)
    try check(options, shards: 4)
  }

  @Test func causalEqualsOneProcess() throws { try check(FitOptions(method: linearAct), shards: 2) }

  /// The distances of a report, too.
  @Test func reportEqualsThatOfOneProcess() throws {
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    func summary(_ makeMap: (FitOptions) throws -> MapFile) throws -> FitSummary {
      options.report = FitReport(limit: 10)
      return FitSummary(try makeMap(options), options)
    }
    let expected = try summary { try fit(model, data, sites: sites, options: $0) }
    #expect(expected.sites.count == sites.count)
    #expect(try summary { try collectAndSolve($0, shards: 3, data) } == expected)
  }

  @Test func shardsThatDoNotBelongTogether() throws {
    var options = SampleOptions()
    options.order = .simultaneous
    let fitting = FitOptions(method: meanAct)
    let one = try collect(options, part(1, 2))
    func refuses(_ shards: [SampleFile], _ words: String, onto fitted: MapFile? = nil) {
      #expect {
        try solve(shards, onto: fitted, options: fitting)
      } throws: {
        guard let error = $0 as? FitError else { return false }
        return error.description.contains(words)
      }
    }
    refuses([], "found none")
    refuses([one], "missing: 2")
    refuses([one, one], "given twice")
    refuses([one, try collect(options, part(3, 3))], "expected round 1/1 of the same data")
    var other = data
    other.source.removeLast()
    refuses([one, try collect(options, part(2, 2), of: other)], "expected round 1/1 of the same data")
    var last = options
    last.pooling = .last
    refuses([one, try collect(last, part(2, 2))], "pooling: expected mean, as in ")

    let bare = FitOptions(method: linearAct)
    let first = try solve([try collect(bare.samples, part(1, 1))], onto: nil, options: bare)
    refuses([one, try collect(options, part(2, 2))], "no earlier maps", onto: first)
    let second = try collect(bare.samples, part(1, 1), after: first)
    refuses([second], "collected after other maps")
    refuses([second], "expected linear-act", onto: first)
    var elsewhere = first
    elsewhere.modelFingerprint = "0"
    refuses([second], "the earlier maps: model_fingerprint: expected ", onto: elsewhere)
  }

  @Test func mapsOfOtherFits() throws {
    var options = FitOptions(method: linearAct)
    let first = try solve([try collect(options.samples, part(1, 1))], onto: nil, options: options)
    var others = first
    others.sites[0].name = "model.norm"
    #expect(throws: FitError.self) { try collect(options.samples, part(1, 1), after: others) }
    others = first
    others.modelFingerprint = "0"
    #expect(throws: FitError.self) { try collect(options.samples, part(1, 1), after: others) }
    let whole = try fit(model, data, sites: sites, options: options)
    #expect(throws: FitError.self) { try collect(options.samples, part(1, 1), after: whole) }
    options.samples.order = .simultaneous
    #expect(throws: FitError.self) { try collect(options.samples, part(1, 1), after: first) }
    // Not the samples of this small model, but the least that a fit may have.
    options.samples.memory = FitMemory.least
    #expect(throws: Never.self) { try collect(options.samples, part(1, 1)) }
  }

  /// Samples that memory has no room for are refused before the model runs, and no file is begun.
  @Test func tooManySamplesForOneShard() throws {
    var options = SampleOptions()
    options.order = .simultaneous
    options.memory = FitMemory.least
    let channels = sites.reduce(0) { $0 + model.width(of: $1) }
    let sequence = FitSample([1, 2, 3], pooledFrom: 0)
    let most = (FitMemory.least - (64 << 20)) / 2 / (channels * 4)
    let large = PairedSamples(
      source: Array(repeating: sequence, count: most), target: Array(repeating: sequence, count: 10))
    #expect {
      try collect(options, part(1, 1), of: large)
    } throws: {
      ($0 as? FitError)?.description.contains("use more shards, or more --memory") == true
    }
    #expect(directory.contents.isEmpty)
    #expect(throws: Never.self) { try collect(options, part(1, 20), of: large) }
  }
}
