import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Maps at activations of images against what NumPy computes beside `diffusers` (`Scripts/make-tiny-taesd.py`).
@Suite struct SteeredImageTests {
  static let modules = ["encoder", "decoder"]

  /// Each pixel by itself, as text is steered.
  @Test(arguments: modules, Variant.allCases)
  func pointwise(module: String, variant: Variant) throws {
    let call = SteeredImages(module: module, run: "linear-act-pointwise", strength: 0.5)
    let (record, model) = (try call.record(), try call.model())
    let engine = try model.makeEngine(
      steeredBy: call.map(of: model), variant, strength: call.strength, recording: call.sites)
    let results = try call.run(engine, record.input)
    let result = try #require(results[call.result])
    #expect(
      Deviation(result.values, from: try record.images(call.result).values).normalizedSquaredError <= 1e-8)
    for site in call.sites where variant != .frozen {
      let after = try #require(results[site])
      #expect(Deviation(after.values, from: try record.images(site).values).normalizedSquaredError <= 1e-8)
    }
  }

  /// What a map is given, when the maps before it are on.
  @Test(arguments: modules) func before(module: String) throws {
    let call = SteeredImages(module: module, run: "linear-act-pointwise", strength: 0.5)
    let (record, model) = (try call.record(), try call.model())
    for (index, site) in call.sites.enumerated() {
      let map = index == 0 ? nil : try call.map(of: model, sites: Array(call.sites[..<index]))
      let engine = try model.makeEngine(steeredBy: map, recording: [site])
      let value = try #require(try call.run(engine, record.input)[site])
      let expected = try record.images("\(site)/before").values
      #expect(Deviation(value.values, from: expected).normalizedSquaredError <= 1e-8)
    }
  }

  /// A map moves an image by what the means of its channels are moved by, as published.
  @Test(arguments: modules, [("linear-act", Float(0.5)), ("linear-act", 1), ("mean-act", 1.5)])
  func byTheMean(module: String, run: (name: String, strength: Float)) throws {
    let call = SteeredImages(module: module, run: run.name, strength: run.strength)
    let (record, model) = (try call.record(), try call.model())
    for fuses in [false, true] {
      var options = CompileOptions()
      options.weights = .f32
      options.fuses = fuses
      let engine = try model.compile(call.graph(of: model), MapSet(), options).makeEngine()
      try call.writeParameters(engine, count: record.input.count)
      let results = try engine.run(record.input)
      for name in [call.result] + call.sites {
        let value = try #require(results[name])
        let deviation = Deviation(value.values, from: try record.images(name).values)
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(name), fused: \(fuses)")
      }
    }
  }

  /// A map at no strength changes no bit, with others of another strength in the same call.
  @Test(arguments: modules) func noStrength(module: String) throws {
    let call = SteeredImages(module: module, run: "linear-act-pointwise", strength: 0.5)
    let (record, model) = (try call.record(), try call.model())
    let bare = try #require(try model.makeEngine().run(record.input)[call.result])
    let engine = try model.makeEngine(steeredBy: call.map(of: model))
    try engine.setStrengths([steeringMap: 0], slot: 1)
    try engine.setStrengths([steeringMap: call.strength], slot: 2)
    let images = record.input.images([0, 0, 1, 1])
    let result = try #require(try engine.run(images, slots: [1, 2, 0, 2])[call.result])
    #expect(sameBits(result[0].values, bare[0].values))
    #expect(sameBits(result[2].values, bare[1].values))
    let steered = try record.images(call.result)
    for (place, index) in [(1, 0), (3, 1)] {
      let deviation = Deviation(result[place].values, from: steered[index].values)
      #expect(deviation.normalizedSquaredError <= 1e-8)
    }
    let frozen = try model.makeEngine(steeredBy: call.map(of: model), .frozen, strength: 0)
    #expect(sameBits(try #require(try frozen.run(record.input)[call.result]).values, bare.values))
  }
}

/// A recorded call of a small autoencoder with maps at two of its sites.
struct SteeredImages {
  private static let checkpoint = "tiny-taesd"
  /// The sites of each module that have records, in order of execution.
  static let sites = [
    "encoder": ["encoder.layers.3.conv.2", "encoder.layers.5"],
    "decoder": ["decoder.layers.3.conv.0", "decoder.layers.6"],
  ]

  var module: String
  var run: String
  var strength: Float

  var sites: [String] { Self.sites[module]! }
  var result: String { module == "encoder" ? "latents" : "sample" }

  private var input: String { module == "encoder" ? "x" : "z" }
  private var strengthText: String { strength == strength.rounded() ? "\(Int(strength))" : "\(strength)" }

  func record() throws -> ImageRecord {
    try ImageRecord("\(Self.checkpoint)/\(module)-\(run)-\(strengthText)", input: input)
  }

  func model() throws -> Model {
    try ImageCall(
      checkpoint: Self.checkpoint, name: "\(module)-\(run)-\(strengthText)", input: input, result: result
    ).model()
  }

  private func parameters(at site: String) throws -> [String: [Float]] {
    let fit = try TensorFile(fixture("\(Self.checkpoint)/\(module)-fit.safetensors"))
    let names = ["slope", "source_mean", "target_mean"]
    return Dictionary(
      uniqueKeysWithValues: try names.map { ($0, try fit.floats("\(run)/causal/\(site)/\($0)")) })
  }

  /// The recorded fit as a map that moves each pixel by itself.
  func map(of model: Model, sites: [String]? = nil) throws -> MapFile {
    MapFile(
      FitDescription(.init(linearAct.name, version: linearAct.version)), transport: linearAct.transport,
      parameterNames: ["slope", "source_mean", "target_mean"], modelFingerprint: model.fingerprint,
      sites: try (sites ?? self.sites).map { site in
        MapFile.Site(
          name: site, width: model.width(of: site),
          parameters: try parameters(at: site).mapValues { MapParameter($0) })
      })
  }

  /// Runs images at the strength, where the plan has a dial; returns the results by name.
  func run(_ engine: Engine, _ images: Images) throws -> [String: Images] {
    let slot: Int32 = engine.plan.dials.isEmpty ? 0 : 1
    if slot > 0 { try engine.setStrengths([steeringMap: strength], slot: 1) }
    return try engine.run(images, slots: Array(repeating: slot, count: images.count))
  }

  /// The model with maps by the mean at the sites, whose parameters are inputs, and the sites as results.
  func graph(of model: Model) throws -> Graph {
    var graph = model.graph
    for site in sites {
      guard let x = graph.value(at: site) else { throw UsageError("no site `\(site)`") }
      let shape = graph.type(x).shape
      let size = shape[1...2].compactMap(\.fixed)
      let firstNew = graph.valueBound
      func parameter(_ name: String) -> ValueID {
        let type = TensorType(.f32, [shape[0], .fixed(1), .fixed(1), shape[3]])
        return graph.append(Node(.input(name: "\(site).\(name)"), [], type, name: "\(site).\(name)"))
      }
      let (slope, source, target) = (parameter("slope"), parameter("source_mean"), parameter("target_mean"))
      let mean = graph.append(.averagePool(AveragePool(windows: Windows(kernel: size))), x, name: "mean")
      let centred = graph.append(.binary(.sub), mean, source, name: "centred")
      let scaled = graph.append(.binary(.mul), centred, slope, name: "scaled")
      let moved = graph.append(.binary(.add), scaled, target, name: "moved")
      let shift = graph.append(.binary(.sub), moved, mean, name: "shift")
      let dial = graph.append(.constant(strength), name: "strength")
      let part = graph.append(.binary(.mul), shift, dial, name: "part")
      let y = graph.append(.binary(.add), x, part, name: "steered")
      graph.replace(x, with: y, except: Set((firstNew..<graph.valueBound).map { ValueID(index: $0) }))
      graph.addResult(site, y)
    }
    return graph
  }

  /// Writes the parameters of all sites, the same for each of `count` images.
  func writeParameters(_ engine: Engine, count: Int) throws {
    for site in sites {
      for (name, values) in try parameters(at: site) {
        guard let input = engine.input("\(site).\(name)") else {
          throw UsageError("no input `\(site).\(name)`")
        }
        for image in 0..<count { (input + image * values.count).update(from: values, count: values.count) }
      }
    }
  }
}
