import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import FoundationEssentials
import GraphReference
import ModelChecks
import Testing
import Workbench

/// Random transports at random sites: however a plan is compiled, it computes what the graph says.
///
/// `ACT_RANDOM_TRANSPORTS` sets how many.
@Suite struct RandomTransportTests {
  private static let count: Int = {
    let text = ProcessInfo.processInfo.environment["ACT_RANDOM_TRANSPORTS"]
    return text.flatMap(Int.init) ?? 200
  }()
  private static let parts = 8

  @Test(arguments: 0..<parts)
  func computeWhatTheirGraphsSay(part: Int) throws {
    let checks = try ["tiny-plain", "tiny-gqa", "tiny-tied"].map(SteeringCheck.init)
    var undecided = 0
    for seed in stride(from: part, to: Self.count, by: Self.parts) {
      do {
        switch try checks[seed % checks.count].run(seed: UInt64(seed)) {
        case .agrees: break
        case .differs(let problem): Issue.record("seed \(seed): \(problem)")
        // A comparison that rounding decides.
        case .isUndecided: undecided += 1
        }
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
    #expect(undecided * 50 <= max(50, Self.count / Self.parts))
  }
}

/// Compares the ways to compile one model under a random transport.
private struct SteeringCheck {
  enum Outcome {
    case agrees
    case differs(String)
    case isUndecided
  }

  private let model: Model
  private let prompt: [Int32]
  /// The logits of the bare model, fused and as it is written.
  private let bare: [Bool: [Float]]
  private let weights: [String: [Double]]
  private let directory: TemporaryDirectory

  init(_ checkpoint: String) throws {
    model = try Model(fixture(checkpoint))
    directory = try TemporaryDirectory()
    prompt = randomPrompt(5)
    var bare: [Bool: [Float]] = [:]
    for fuses in [true, false] {
      bare[fuses] = try model.makeEngine(steeredBy: nil, fuses ? .live : .inserted).run(prompt)
    }
    self.bare = bare
    var weights: [String: [Double]] = [:]
    for name in model.checkpoint.names {
      let tensor = model.checkpoint.tensor(named: name)!
      weights[name] =
        switch tensor.info.dtype {
        case .f32: tensor.bytes.bindMemory(to: Float.self).map(Double.init)
        case .bf16: tensor.bytes.bindMemory(to: UInt16.self).map { Double(Float(bfloatBits: $0)) }
        default: throw UsageError("\(name) of \(tensor.info.dtype)")
        }
    }
    self.weights = weights
  }

  func run(seed: UInt64) throws -> Outcome {
    var random = SplitMix64(state: seed)
    let strength = [Float(0.7), 1, 1.5, -0.5].randomElement(using: &random)!
    // Sometimes two maps, one after the other where they share a site.
    let names = Int.random(in: 0..<4, using: &random) == 0 ? ["a", "b"] : ["a"]
    var maps = MapSet()
    for (index, name) in names.enumerated() {
      try maps.add(fitted: map(seed: seed &* 2 &+ UInt64(index), using: &random), name: name)
    }
    let strengths = Dictionary(uniqueKeysWithValues: names.map { ($0, strength) })
    let zero = strengths.mapValues { _ in Float(0) }

    let reference = try referenceLogits(maps, strengths)
    var problems: [String] = []
    for variant in Variant.allCases {
      for values in variant == .frozen ? [zero, strengths] : [strengths] {
        let engine = try engine(maps, variant, values)
        let slot: Int32 = engine.plan.dials.isEmpty ? 0 : 1
        if slot > 0 { try engine.setStrengths(values, slot: Int(slot)) }
        let logits = try engine.run(prompt, slot: slot)
        if values != zero {
          let error = Self.error(of: logits, from: reference.values)
          if !(error <= 1e-7) { problems.append("\(variant): NMSE \(error)") }
        }
        // At no strength, to the bit: through a slot of its own, and frozen.
        if slot > 0 { try engine.setStrengths(zero, slot: Int(slot)) }
        let fuses = variant == .live || variant == .frozen
        if slot > 0 || values == zero, try engine.run(prompt, slot: slot) != bare[fuses] {
          return .differs("\(variant): no identity at strength 0\n\(maps.transports.map(\.function))")
        }
      }
    }
    if problems.isEmpty { return .agrees }
    if reference.margin < 1e-4 { return .isUndecided }
    return .differs("\(problems), margin \(reference.margin)\n\(maps.transports.map(\.function))")
  }

  /// The squared error over the squared reference, or over a little where a map makes all logits 0.
  private static func error(of values: [Float], from reference: [Float]) -> Double {
    let power = reference.reduce(0) { $0 + Double($1) * Double($1) }
    let error = zip(values, reference).reduce(0) { sum, pair in
      sum + (Double(pair.0) - Double(pair.1)) * (Double(pair.0) - Double(pair.1))
    }
    return values.count == reference.count ? error / max(power, 1e-6 * Double(reference.count)) : .infinity
  }

  /// A map of a random function at some sites, with random parameters.
  private func map(seed: UInt64, using random: inout SplitMix64) throws -> MapFile {
    let transport = RandomTransport(seed: seed)
    let sites = model.sites.shuffled(using: &random).prefix(.random(in: 1...4, using: &random))
    let chosen = Set(sites.map(\.name))
    return MapFile(
      FitDescription(.init("random", version: "1")), transport: transport.graph.description,
      parameterNames: transport.parameters.map(\.name), modelFingerprint: model.fingerprint,
      sites: model.sites.filter { chosen.contains($0.name) }.map { name, type in
        let width = type.shape.last?.fixed ?? 0
        let parameters = transport.parameters.map { parameter, dims in
          let shape = dims.map { $0.fixed ?? ($0 == .symbol("D") ? width : RandomTransport.rank) }
          // Directions and matrices have names of their own.
          let bound = parameter.hasPrefix("p") ? 1.5 : Float(RandomTransport.matrixBound)
          let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -bound...bound, using: &random) }
          return (parameter, MapParameter(values, shape: shape))
        }
        return .init(name: name, width: width, parameters: Dictionary(uniqueKeysWithValues: parameters))
      })
  }

  /// An engine; fused plans come from a file, as `actrun` has them.
  private func engine(_ maps: MapSet, _ variant: Variant, _ strengths: [String: Float]) throws -> Engine {
    var options = CompileOptions()
    options.weights = .f32
    options.fuses = variant == .live || variant == .frozen
    options.frozen = variant == .frozen ? strengths : [:]
    options.lowering.sharesArena = variant != .reference
    options.lowering.cacheType = .f32
    options.lowering.maximumRows = 8
    let compiled = try model.compile(maps, options)
    guard options.fuses else { return try compiled.makeEngine(threads: 1) }
    let path = directory.file("\(variant).plan")
    try compiled.write(to: path, provenance: .object([:]))
    return try LanguageModel(path).engine
  }

  private func referenceLogits(
    _ maps: MapSet, _ strengths: [String: Float]
  ) throws -> (values: [Float], margin: Double) {
    var graph = model.graph
    try insertTransports(maps.transports).run(on: &graph)
    let count = prompt.count
    let reference = ReferenceValues(graph, sizes: ["T": count, "R": count]) { op in
      switch op {
      case .input("tokens", _, _): prompt.map(Double.init)
      case .input: (0..<count).map(Double.init)
      case .weight(let name): weights[name]
      case .dial(let name, _): strengths[name].map { [Double($0)] }
      case .mapParameter(let map, let site, let name):
        maps.files.first { $0.name == map }?.file.sites.first { $0.name == site }?.parameters[name]
          .map { $0.values.map(Double.init) }
      default: nil
      }
    }
    return (reference.results[0].data.map { Float($0) }, reference.narrowestMargin)
  }
}
