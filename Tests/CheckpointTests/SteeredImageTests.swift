import ActCompile
import ActFit
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
    for variant in Variant.allCases {
      let engine = try model.makeEngine(
        steeredBy: call.map(of: model), variant, strength: call.strength, recording: call.sites)
      let results = try call.run(engine, record.input)
      for name in [call.result] + (variant == .frozen ? [] : call.sites) {
        let value = try #require(results[name])
        let deviation = Deviation(value.values, from: try record.images(name).values)
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(name), \(variant)")
      }
    }
  }

  /// A map at no strength changes no bit, with others of another strength in the same call.
  @Test(arguments: modules, ["linear-act-pointwise", "linear-act"])
  func noStrength(module: String, run: String) throws {
    let call = SteeredImages(module: module, run: run, strength: 0.5)
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

  /// How the maps of a recorded run are fitted.
  static func fitOptions(of run: String) throws -> FitOptions {
    let method = run == "mean-act" ? meanAct : linearAct
    let choices = run == "linear-act-pointwise" ? ["images": "pixels"] : [:]
    return FitOptions(method: method, settings: try MethodSettings(method.options, choices))
  }

  /// The recorded fit as a map.
  func map(of model: Model, sites: [String]? = nil) throws -> MapFile {
    let options = try Self.fitOptions(of: run)
    let method = options.method
    let functions = try method.functions(.all, options.settings)
    return MapFile(
      FitDescription(.init(method.name, version: method.version)),
      transport: functions.transport.description, parameterNames: functions.parameterNames,
      modelFingerprint: model.fingerprint,
      sites: try (sites ?? self.sites).map { site in
        MapFile.Site(
          name: site, width: model.width(of: site),
          parameters: try parameters(at: site).filter { functions.parameterNames.contains($0.key) }
            .mapValues { MapParameter($0) })
      })
  }

  /// Runs images at the strength, where the plan has a dial; returns the results by name.
  func run(_ engine: Engine, _ images: Images) throws -> [String: Images] {
    let slot: Int32 = engine.plan.dials.isEmpty ? 0 : 1
    if slot > 0 { try engine.setStrengths([steeringMap: strength], slot: 1) }
    return try engine.run(images, slots: Array(repeating: slot, count: images.count))
  }
}
