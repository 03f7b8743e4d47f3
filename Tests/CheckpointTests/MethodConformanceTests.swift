import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import Glibc
import ModelChecks
import Testing
import Workbench

/// What every registered method must do, under every support. A new method is covered by being registered.
@Suite struct MethodConformanceTests {
  /// Each method under each support; the range of one pair is a point.
  static let cases = registeredMethods.flatMap { method in
    let supports = [Support.all, .quantiles(lower: 0, upper: 100)]
    return supports.prefix(method.requirements.mostPairs == 1 ? 1 : 2).map { (method, $0) }
  }
  /// A norm, a linear output, the residual stream, and the last norm, which runs for rows with logits only.
  static let sites = "re:model\\.(layers\\.(0\\.input_layernorm|1\\.self_attn\\.o_proj|2)|norm)"

  private let model: Model
  private let prompt = randomPrompt(20)

  init() throws { model = try Model(fixture("tiny-plain")) }

  private func map(_ method: SteeringMethod, _ support: Support) throws -> MapFile {
    let map = try model.fitRandomMap(method, at: Self.sites, support: support, order: .causal)
    try #require(map.sites.count == 4)
    return map
  }

  private func engine(_ map: MapFile, _ variant: Variant = .live) throws -> Engine {
    try model.makeEngine(steeredBy: map, variant)
  }

  @Test(arguments: cases)
  func strengthZeroChangesNoBit(method: SteeringMethod, support: Support) throws {
    let map = try map(method, support)
    for variant in [Variant.reference, .inserted, .live] {
      let engine = try engine(map, variant)
      try engine.setStrengths([steeringMap: 0], slot: 1)
      let bare = try model.makeEngine(variant).run(prompt)
      #expect(sameBits(try engine.run(prompt, slot: 1), bare), "\(variant)")
      #expect(sameBits(try engine.run(prompt, slot: 0), bare), "\(variant), slot 0")
    }
  }

  @Test(arguments: cases)
  func everyStrengthHasAnEffectOfItsOwn(method: SteeringMethod, support: Support) throws {
    let engine = try engine(try map(method, support))
    var logits: [[Float]] = [try engine.run(prompt)]
    for strength: Float in [0.25, 0.5, 1, 1.5, -0.5] {
      try engine.setStrengths([steeringMap: strength], slot: 1)
      logits.append(try engine.run(prompt, slot: 1))
      #expect(logits.last!.allSatisfy { $0.isFinite })
    }
    for (index, a) in logits.enumerated() {
      for b in logits[..<index] { #expect(Deviation(a, from: b).normalizedSquaredError > 1e-8) }
    }
  }

  @Test(arguments: cases)
  func allVariantsAgree(method: SteeringMethod, support: Support) throws {
    let map = try map(method, support)
    for strength: Float in [0, 0.3, 1, 1.5] {
      func logits(_ variant: Variant) throws -> [Float] {
        let engine = try model.makeEngine(steeredBy: map, variant, strength: strength)
        guard variant != .frozen else { return try engine.run(prompt) }
        try engine.setStrengths([steeringMap: strength], slot: 1)
        return try engine.run(prompt, slot: 1)
      }
      let reference = try logits(.reference)
      for variant in [Variant.inserted, .live, .frozen] {
        let deviation = Deviation(try logits(variant), from: reference)
        #expect(deviation.normalizedSquaredError <= 1e-10, "\(variant), λ = \(strength)")
      }
    }
  }

  /// Through the map file and the plan file, every bit arrives.
  @Test(arguments: cases)
  func filesKeepEveryBit(method: SteeringMethod, support: Support) throws {
    let map = try map(method, support)
    let directory = try TemporaryDirectory()
    let mapPath = directory.file("x.maps.safetensors")
    try map.write(to: mapPath)
    let read = try MapFile(reading: mapPath)
    #expect(read == map)
    let planPath = directory.file("x.plan")
    try model.compileSteered(by: read).write(
      to: planPath, provenance: .object([:]))
    let (saved, fitted) = (try LanguageModel(planPath).engine, try engine(map))
    #expect(saved.plan == fitted.plan)
    for engine in [saved, fitted] { try engine.setStrengths([steeringMap: 0.7], slot: 1) }
    #expect(sameBits(try saved.run(prompt, slot: 1), try fitted.run(prompt, slot: 1)))
  }

  @Test(arguments: cases)
  func prefillThenDecodeEqualsOneForward(method: SteeringMethod, support: Support) throws {
    let engine = try engine(try map(method, support))
    try engine.setStrengths([steeringMap: 0.7], slot: 1)
    let whole = try engine.run(prompt, slot: 1)
    let schedule =
      [(0..<12).map { RunRow(prompt: 0, position: $0) }] + (12..<20).map { [RunRow(prompt: 0, position: $0)] }
    #expect(sameBits(try engine.run([Prompt(prompt, slot: 1)], schedule: schedule)[0], whole))
    for chunk in [1, 7] { #expect(sameBits(try engine.run(prompt, slot: 1, chunk: chunk), whole)) }
  }

  /// The same prompts under three strengths in shared steps, rows in random order, each as if it ran alone.
  @Test(arguments: cases)
  func slotsOfOneStepEqualSeparateRuns(method: SteeringMethod, support: Support) throws {
    let engine = try engine(try map(method, support))
    try engine.setStrengths([steeringMap: 0.4], slot: 1)
    try engine.setStrengths([steeringMap: 1.2], slot: 2)
    let prompts = (0..<6).map { Prompt(randomPrompt(8 + $0, seed: UInt64($0 / 3)), slot: Int32($0 % 3)) }
    var random = SplitMix64(state: 5)
    for rowsPerStep in [4, 32] {
      let schedule = mixedSchedule(prompts, rowsPerStep: rowsPerStep, using: &random)
      for (prompt, logits) in zip(prompts, try engine.run(prompts, schedule: schedule)) {
        #expect(sameBits(logits, try engine.run(prompt.tokens, slot: prompt.slot)))
      }
    }
  }

  /// Samples in one accumulator, in pieces, or in shards that merge fit the same map.
  @Test(arguments: registeredMethods)
  func mergedShardsEqualOneAccumulator(method: SteeringMethod) throws {
    let width = 5
    var random = SplitMix64(state: 9)
    func samples(_ count: Int, _ range: ClosedRange<Float>) -> [Float] {
      (0..<count * width).map { _ in .random(in: range, using: &random) }
    }
    let sides: [(side: Side, rows: [Float])] = [
      (.source, samples(31, -1...2)), (.target, samples(method.requirements.pairs ? 31 : 19, 0...5)),
    ]
    var whole = method.makeAccumulator(width)
    var pieces = method.makeAccumulator(width)
    var shards = (0..<3).map { _ in method.makeAccumulator(width) }
    for (side, rows) in sides {
      whole.observe(side, rows)
      for start in stride(from: 0, to: rows.count, by: 4 * width) {
        pieces.observe(side, Array(rows[start..<min(start + 4 * width, rows.count)]))
      }
      let third = rows.count / width / 3 * width
      for (index, range) in [0..<third, third..<2 * third, 2 * third..<rows.count].enumerated() {
        shards[index].observe(side, Array(rows[range]))
      }
    }
    var merged = shards[0]
    try merged.merge(shards[1])
    try merged.merge(shards[2])
    let expected = try whole.finish()
    let functions = try method.functions(.all)
    for fit in [try pieces.finish(), try merged.finish()] {
      #expect(fit.meanShiftChannels == expected.meanShiftChannels)
      let shapes = fit.parameters.mapValues(\.shape)
      let types = try functions.parameterTypes(
        at: TensorType(.f32, [.symbol("T"), .fixed(width)]), shapes: shapes)
      #expect(fit.parameters.mapValues(\.type) == types)
      for (name, parameter) in expected.parameters {
        #expect(shapes[name] == parameter.shape)
        // Sums in another order may differ in the last bit of a float.
        for (a, b) in zip(fit.parameters[name]?.values ?? [], parameter.values) {
          #expect((a - b).magnitude <= 1e-6 * max(b.magnitude, 1))
        }
      }
    }
    #expect(throws: FitError.self) { try method.makeAccumulator(width).finish() }
    for side in Side.allCases {
      var accumulator = method.makeAccumulator(1)
      accumulator.observe(side, [1, 2])
      #expect(throws: FitError.self) { try accumulator.finish() }
      accumulator.observe(side == .source ? .target : .source, [1, .nan])
      #expect(throws: FitError.self) { try accumulator.finish() }
    }
  }

  /// A method's own function, its name and its version make a map file that needs no method library.
  @Test(arguments: cases)
  func transportsAreOnes(method: SteeringMethod, support: Support) throws {
    try Transport.check(try method.transport(support))
    #expect(!method.name.isEmpty && !method.version.isEmpty && !method.summary.isEmpty)
    #expect(registeredMethods.count { $0.name == method.name } == 1)
  }
}
