import ActCompile
import ActFit
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Fits on whole entries: images, and the texts of encoders.
@Suite struct EntryFitTests {
  // MARK: Images

  /// The recorded data of a module of a small autoencoder, and a model of its size.
  private func images(_ module: String) throws -> (model: Model, data: PairedSamples, file: TensorFile) {
    let path = fixture("tiny-taesd/\(module)-fit.safetensors")
    let file = try TensorFile(path)
    let shape = try file.shape("source")
    let size = ImageSize(width: shape[3], height: shape[2])
    let model = try Model(fixture("tiny-taesd"), part: ModelPart(module: module, size: size))
    let name = try #require(model.graph.declaredInputs.first).name
    func samples(_ side: String) throws -> [FitSample] {
      let tensor = EntryInputs.Tensor(try file.floats(side), shape: try file.shape(side))
      return try TensorSamples.entries(
        of: EntryInputs(path: path, [name: tensor]), for: model, digest: side)
    }
    return (model, PairedSamples(source: try samples("source"), target: try samples("target")), file)
  }

  /// Each channel's mean over the pixels is a sample: against NumPy on the activations of `diffusers`.
  @Test(
    arguments: SteeredImageTests.modules,
    [
      ("linear-act", FitOrder.causal), ("linear-act", .simultaneous),
      ("linear-act-pointwise", .causal), ("linear-act-pointwise", .simultaneous),
      ("mean-act", .causal), ("mean-act", .simultaneous),
    ])
  func imagesEqualNumPy(module: String, run: (name: String, order: FitOrder)) throws {
    let (model, data, file) = try images(module)
    var options = try SteeredImages.fitOptions(of: run.name)
    options.samples.order = run.order
    let sites = try #require(SteeredImages.sites[module])
    let map = try fit(model, data, sites: sites, options: options)
    #expect(map.counts == ["source": data.source.count, "target": data.target.count])
    #expect(map.sites.map(\.name) == sites)
    for site in map.sites {
      #expect(site.parameters.count >= 2)
      for (name, parameter) in site.parameters {
        let expected = try file.floats("\(run.name)/\(run.order.rawValue)/\(site.name)/\(name)")
        let deviation = Deviation(parameter.values, from: expected)
        #expect(deviation.normalizedSquaredError <= 1e-10, "\(site.name)/\(name)")
      }
    }
  }

  /// The maps of a fit move the module's result as the recorded ones do.
  @Test(arguments: SteeredImageTests.modules, ["linear-act", "linear-act-pointwise"])
  func fittedMapsSteer(module: String, run: String) throws {
    let (model, data, _) = try images(module)
    let call = SteeredImages(module: module, run: run, strength: 0.5)
    let map = try fit(model, data, sites: call.sites, options: SteeredImages.fitOptions(of: run))
    let record = try call.record()
    let result = try #require(try call.run(model.makeEngine(steeredBy: map), record.input)[call.result])
    let expected = try record.images(call.result).values
    #expect(Deviation(result.values, from: expected).normalizedSquaredError <= 1e-8)
  }

  static let orders: [FitOrder] = [.causal, .simultaneous]

  /// At every site, with skips of every resolution carried; in batches of one, of some, and with all that is carried in
  /// a file.
  @Test(arguments: SteeredImageTests.modules, orders)
  func imagesEqualTheOracle(module: String, order: FitOrder) throws {
    let (model, data, _) = try images(module)
    let sites = model.sites.map(\.name).filter { !$0.isEmpty }
    for pooling in [Pooling.mean, .max] {
      var options = FitOptions(method: linearAct)
      options.samples.order = order
      options.samples.pooling = pooling
      let found = try fit(model, data, sites: sites, options: options)
      if pooling == .mean {
        #expect(found.sites == (try naiveFit(model, data, sites: sites, options: options)).sites)
      }
      options.samples.threads = 1
      #expect(try fit(model, data, sites: sites, options: options) == found)
    }
  }

  @Test func everyPixelASample() throws {
    let (model, data, _) = try images("encoder")
    let site = "encoder.layers.3.conv.2"
    var options = FitOptions(method: meanAct)
    options.samples.order = .simultaneous
    let means = try fit(model, data, sites: [site], options: options)
    options.samples.pooling = .all
    let all = try fit(model, data, sites: [site], options: options)
    // The mean over all pixels of all images, which are of one size.
    for name in ["source_mean", "target_mean"] {
      let expected = try #require(means.sites[0].parameters[name]).values
      let found = try #require(all.sites[0].parameters[name]).values
      #expect(Deviation(found, from: expected).normalizedSquaredError <= 1e-10)
    }
  }

  @Test func imagesHaveNoPositions() throws {
    let (model, data, _) = try images("decoder")
    var options = FitOptions(method: meanAct)
    options.samples.scope = TokenScope(.all, skippedPositions: 1)
    let error = #expect(throws: FitError.self) {
      try fit(model, data, sites: ["decoder.layers.6"], options: options)
    }
    #expect("\(try #require(error))".contains("images have no tokens"))
  }

  // MARK: Encoders of text

  private func texts(_ model: Model, _ count: Int, seed: UInt64, hasTypes: Bool) throws -> [FitSample] {
    var random = SplitMix64(state: seed)
    let lengths = (0..<count).map { _ in Int.random(in: 2...17, using: &random) }
    let texts = EncoderText.random(lengths, vocabulary: 48, using: &random)
    guard hasTypes else { return texts.map { FitSample($0.tokens.map { Int32($0) }) } }
    return try TensorSamples.entries(
      of: EntryInputs(texts, for: model.graph.declaredInputs), for: model, digest: "\(seed)")
  }

  @Test(arguments: smallEncoders, orders)
  func encodersEqualTheOracle(checkpoint: String, order: FitOrder) throws {
    let model = try Model(fixture(checkpoint))
    for (hasTypes, skipped) in [(false, 0), (true, 1)] {
      let data = PairedSamples(
        source: try texts(model, 11, seed: 1, hasTypes: hasTypes),
        target: try texts(model, 8, seed: 2, hasTypes: hasTypes))
      let sites = model.sites.map(\.name)
      var options = FitOptions(method: linearAct)
      options.samples.order = order
      options.samples.rows = 40
      options.samples.scope = TokenScope(.all, skippedPositions: skipped)
      let found = try fit(model, data, sites: sites, options: options)
      let expected = try naiveFit(model, data, sites: sites, options: options)
      for (found, expected) in zip(found.sites, expected.sites) {
        #expect(found == expected, "\(found.name), skipped: \(skipped)")
      }
      #expect(found.sites.map(\.name) == expected.sites.map(\.name))
    }
  }

  /// Token types change what is fitted: they are not left out.
  @Test func givenNumbersMatter() throws {
    let model = try Model(fixture(smallEncoders[0]))
    let site = try #require(model.sites.last).name
    func map(hasTypes: Bool) throws -> MapFile {
      let data = PairedSamples(
        source: try texts(model, 5, seed: 1, hasTypes: hasTypes),
        target: try texts(model, 5, seed: 2, hasTypes: hasTypes))
      return try fit(model, data, sites: [site], options: FitOptions(method: meanAct))
    }
    #expect(try map(hasTypes: true).sites != map(hasTypes: false).sites)
  }
}
