import ActCompile
import ActFit
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// What modules read, and what they add to it, as sites.
@Suite struct ModuleSiteTests {
  static let recorded = smallDecoders.filter { decoder in
    (try? record(of: "prompt1", by: decoder).names.contains { $0.hasSuffix(":in") }) ?? false
  }

  private func inputs(of model: Model) -> [String] {
    model.graph.sites.map(\.name).filter { ModuleSite($0).part == .input }
  }

  @Test func manyFamiliesAreRecorded() { #expect(Self.recorded.count > 10) }

  /// Every module that computes something has its input as a site, with the value that the framework's module is given.
  @Test(arguments: recorded)
  func inputsEqualThoseOfTransformers(decoder: String) throws {
    let reference = try record(of: "prompt1", by: decoder)
    let names = reference.names.filter { ModuleSite($0).part == .input }
    let model = try Model(fixture(decoder))
    #expect(Set(names).isSubset(of: inputs(of: model)))
    let tokens = try reference.integers("tokens")
    for variant in [Variant.reference, .live] {
      let engine = try model.makeEngine(variant, recording: names)
      for name in names {
        let deviation = Deviation(try engine.run(tokens, result: name), from: try reference.floats(name))
        #expect(deviation.normalizedSquaredError <= 1e-8, "\(name), \(variant)")
      }
    }
  }

  /// Views cost nothing: the plan is the same as without them, but for names.
  @Test(
    arguments: ["plain", "gemma2", "gpt2", "gpt-neox", "opt-projected", "phi3", "qwen2-moe"].map {
      "tiny-\($0)"
    })
  func inputsCostNothing(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    func plan(_ graph: Graph) throws -> Plan {
      var options = CompileOptions()
      options.weights = .f32
      var plan = try model.compile(graph, MapSet(), options).plan
      for index in plan.values.indices { plan.values[index].site = nil }
      return plan
    }
    let bare = model.graph.withoutSiteViews
    let views = Set(model.graph.order.filter(model.graph.isSiteView).map { model.graph[$0].site })
    #expect(bare.sites.map(\.name) == model.sites.map(\.name).filter { !views.contains($0) })
    #expect(try plan(model.graph) == plan(bare))
    var options = CompileOptions()
    options.fuses = false
    // Columns of a row are a view, but for a view of them.
    guard !model.graph.order.contains(where: { if case .slice = model.graph[$0].op { true } else { false } })
    else { return }
    let written = try model.compile(MapSet(), options).plan
    let without = try model.compile(bare, MapSet(), options).plan
    #expect(written.stepCount == without.stepCount && written.arenaByteCount == without.arenaByteCount)
  }

  @Test(arguments: recorded)
  func deltasAreDifferences(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let deltas = model.graph.sites.map(\.name).filter { ModuleSite($0).part == .delta }
    #expect(deltas.contains { $0.hasSuffix(".1:delta") })
    let tokens = randomPrompt(9, vocabulary: 96)
    let modules = deltas.map { ModuleSite($0).module }
    let engine = try model.makeEngine(.reference, recording: deltas)
    let parts = try model.makeEngine(.reference, recording: modules + modules.map { "\($0):in" })
    for module in modules {
      let (y, x) = (try parts.run(tokens, result: module), try parts.run(tokens, result: "\(module):in"))
      #expect(sameBits(try engine.run(tokens, result: "\(module):delta"), zip(y, x).map { $0 - $1 }))
    }
  }

  /// A shift at what q_proj reads leaves k_proj and v_proj alone, and moves q_proj by its matrix times the shift.
  @Test(arguments: Variant.allCases)
  func aMapAtAnInputActsOnItsModuleAlone(variant: Variant) throws {
    let model = try Model(fixture("tiny-plain"))
    let attention = "model.layers.1.self_attn"
    let outputs = ["q_proj", "k_proj", "v_proj"].map { "\(attention).\($0)" }
    let map = try model.fitRandomMap(meanAct, at: "\(attention).q_proj:in")
    let parameters = map.sites[0].parameters
    let shift = zip(parameters["target_mean"]!.values, parameters["source_mean"]!.values).map { $0 - $1 }
    let tokens = randomPrompt(12)
    let bare = try model.makeEngine(variant, recording: outputs)
    let engine = try model.makeEngine(steeredBy: map, variant, strength: 0.5, recording: outputs)
    if variant != .frozen { try engine.setStrengths([steeringMap: 0.5], slot: 1) }
    func values(_ engine: Engine, _ site: String, slot: Int32) throws -> [Float] {
      try engine.run(tokens, slot: slot, result: site)
    }
    let slot: Int32 = variant == .frozen ? 0 : 1
    for site in outputs.dropFirst() {
      #expect(sameBits(try values(engine, site, slot: slot), try values(bare, site, slot: 0)), "\(site)")
    }
    let matrix = try TensorFile(fixture("tiny-plain/model.safetensors")).floats("\(outputs[0]).weight")
    let change = stride(from: 0, to: matrix.count, by: shift.count).map { row in
      shift.indices.reduce(0.0) { $0 + Double(matrix[row + $1]) * Double(shift[$1]) * 0.5 }
    }
    let plain = try values(bare, outputs[0], slot: 0)
    let expected = plain.indices.map { plain[$0] + Float(change[$0 % change.count]) }
    let found = try values(engine, outputs[0], slot: slot)
    #expect(Deviation(found, from: expected).normalizedSquaredError <= 1e-11)
  }

  /// With a map at what a layer adds, the layer gives its input and the transported difference.
  @Test func aMapAtADelta() throws {
    let model = try Model(fixture("tiny-plain"))
    let layer = "model.layers.2"
    let map = try model.fitRandomMap(at: "\(layer):delta")
    let tokens = randomPrompt(12)
    let bare = try model.makeEngine(recording: [layer, "\(layer):in", "\(layer):delta"])
    let delta = try bare.run(tokens, result: "\(layer):delta")
    let moved = try map.transported(delta, at: "\(layer):delta", of: model)
    let expected = zip(try bare.run(tokens, result: "\(layer):in"), moved).map { $0 + $1 }
    for variant in Variant.allCases {
      let engine = try model.makeEngine(steeredBy: map, variant, strength: 1, recording: [layer])
      if variant != .frozen { try engine.setStrengths([steeringMap: 1], slot: 1) }
      let found = try engine.run(tokens, slot: variant == .frozen ? 0 : 1, result: layer)
      #expect(Deviation(found, from: expected).normalizedSquaredError <= 1e-11, "\(variant)")
    }
  }

  /// Maps at the inputs of all modules, and at what all add: all variants compute the same, and a dial at 0 leaves no
  /// trace.
  @Test(arguments: recorded, ["*:in", "*:delta"])
  func steered(decoder: String, pattern: String) throws {
    let model = try Model(fixture(decoder))
    let map = try model.fitRandomMap(at: pattern, order: .causal, vocabulary: 96)
    let prompt = randomPrompt(20, vocabulary: 96)
    func logits(_ variant: Variant, _ strength: Float) throws -> [Float] {
      let engine = try model.makeEngine(steeredBy: map, variant, strength: strength)
      guard variant != .frozen else { return try engine.run(prompt) }
      try engine.setStrengths([steeringMap: strength], slot: 1)
      return try engine.run(prompt, slot: 1)
    }
    for variant in [Variant.reference, .live] {
      #expect(sameBits(try logits(variant, 0), try model.makeEngine(variant).run(prompt)), "\(variant)")
    }
    let bare = try model.makeEngine().run(prompt)
    for strength: Float in [0.5, 1] {
      let reference = try logits(.reference, strength)
      #expect(Deviation(reference, from: bare).normalizedSquaredError > 1e-5)
      for variant in [Variant.live, .frozen] {
        let deviation = Deviation(try logits(variant, strength), from: reference)
        #expect(deviation.normalizedSquaredError <= 1e-9, "\(variant), λ = \(strength)")
      }
    }
  }

  /// A frozen map at what a linear layer reads is in the layer's weights.
  @Test(arguments: ["tiny-plain", "tiny-gpt2", "tiny-phi3", "tiny-cohere-norms"])
  func frozenMapsFoldIntoTheLayer(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let pattern = "re:.*(o_proj|c_proj|down_proj):in"
    let map = try model.fitRandomMap(at: pattern, vocabulary: 96)
    let frozen = try model.compileSteered(by: map, .frozen, strength: 0.7)
    #expect(try frozen.plan.stepCount == model.compileSteered().plan.stepCount)
    var maps = MapSet()
    try maps.add(map, name: steeringMap, path: "the map", model: model)
    var options = CompileOptions()
    options.weights = .f32
    options.frozen = [steeringMap: 0.7]
    let placements = try model.placements(of: maps, in: frozen, options)
    #expect(placements.map(\.sites) == [[.weightsAfter: map.sites.count]])
  }

  /// A live shift at what linear layers read adds no kernel: its product with their matrices waits for their epilogues.
  @Test(arguments: ["tiny-plain", "tiny-gpt2", "tiny-phi3", "tiny-granite"])
  func liveShiftsAddNoKernel(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let map = try model.fitRandomMap(caa, at: "re:.*(o_proj|c_proj|down_proj):in", vocabulary: 96)
    let live = try model.compileSteered(by: map).plan
    #expect(try live.stepCount == model.compileSteered().plan.stepCount)
    #expect(live.setCount > 0)
  }

  /// What the last layer of attention reads are heads, of every family.
  @Test(arguments: smallDecoders + smallCheckpoints)
  func heads(checkpoint: String) throws {
    let model = try Model(fixture(checkpoint))
    let config = try JSON(readingFile: fixture("\(checkpoint)/config.json"))
    let heads = try #require((config["num_attention_heads"] ?? config["n_head"])?.int)
    let layers = try #require((config["num_hidden_layers"] ?? config["n_layer"])?.int)
    let sites = model.graph.sites.filter { $0.heads != nil }
    #expect(sites.count == layers && sites.allSatisfy { $0.name.hasSuffix(":in") && $0.heads == heads })
  }
}
