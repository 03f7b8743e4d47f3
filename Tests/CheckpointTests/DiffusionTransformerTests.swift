import ActCompile
import ActFit
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Small transformers that denoise images against what `diffusers` computes for them (`Scripts/make-tiny-dits.py`), steered
/// and fitted.
@Suite struct DiffusionTransformerTests {
  private func path(_ call: String, _ checkpoint: String) -> String {
    fixture("\(checkpoint)/\(call).safetensors")
  }

  /// The model for images of the size that a call has.
  private func model(_ checkpoint: String, _ call: String) throws -> Model {
    let shape = try TensorFile(path(call, checkpoint)).shape("hidden_states")
    let size = shape.count == 4 ? ImageSize(width: shape[3], height: shape[2]) : nil
    return try Model(fixture(checkpoint), part: ModelPart(size: size))
  }

  private func transformer(
    _ checkpoint: String, _ call: String = "call2", _ variant: Variant = .live, weights: WeightType = .f32,
    threads: Int? = nil,
    steeredBy map: MapFile? = nil, strength: Float = 0
  ) throws -> EntryModel {
    try EntryModel(
      model(checkpoint, call).makeEngine(
        steeredBy: map, variant, strength: strength, weights: weights, cache: weights == .f32 ? .f32 : .bf16,
        threads: threads), path: checkpoint)
  }

  private func inputs(_ call: String, _ checkpoint: String) throws -> EntryInputs {
    try EntryInputs(
      SafetensorsFile(path(call, checkpoint)), for: model(checkpoint, call).graph.declaredInputs)
  }

  /// Places that nobody gives are 0 for texts, and those of square images line by line.
  @Test func placesHaveDefaults() throws {
    let transformer = try transformer("tiny-flux", "call1")
    var given = try inputs("call1", "tiny-flux")
    let rows = try TensorFile(path("call1", "tiny-flux")).floats("hidden_states")
    given.tensors["hidden_states"] = .init(Array(rows.prefix(9 * 12)), shape: [1, 9, 12])
    let places: [Float] = (0..<9).flatMap { [0, Float($0 / 3), Float($0 % 3)] }
    given.tensors["img_ids"] = .init(places, shape: [9, 3])
    var bare = given
    bare.tensors["img_ids"] = nil
    bare.tensors["txt_ids"] = nil
    #expect(try transformer.evaluate(given)[0].values == transformer.evaluate(bare)[0].values)
    bare.tensors["hidden_states"] = .init(Array(rows.prefix(8 * 12)), shape: [1, 8, 12])
    #expect(throws: FileError.self) { try transformer.evaluate(bare) }
  }

  /// Results, and all modules that compute.
  @Test(arguments: smallTransformers, [Variant.live, .inserted, .reference])
  func equalsDiffusers(checkpoint: String, variant: Variant) throws {
    for call in transformerCalls {
      let transformer = try transformer(checkpoint, call, variant)
      let given = Set(transformer.plan.inputs.map(\.name) + [EntryInputs.sequences])
      let record = try TensorFile(path(call, checkpoint))
      // What the last block makes of the text goes nowhere.
      let blocks = record.names.filter { $0.hasPrefix("single_transformer_blocks.") && $0.hasSuffix(":0") }
      let unread = blocks.max().map { [$0] } ?? []
      let sites = Set(record.names).subtracting(given).subtracting(["sample"] + unread)
      let results = try transformer.evaluate(inputs(call, checkpoint), sites: sites)
      #expect(results.first?.name == "sample")
      for result in results {
        #expect(try result.shape == record.shape(result.name), "\(call): \(result.name)")
        let deviation = Deviation(result.values, from: try record.floats(result.name))
        #expect(deviation.normalizedSquaredError <= 1e-7, "\(call): \(result.name)")
      }
      let found = Set(results.dropFirst().map(\.name))
      #expect(
        variant == .live ? sites.isEmpty || found.count > 3 : found == sites,
        "\(sites.symmetricDifference(found).sorted())")
    }
  }

  /// Rounded weights, keys and values.
  @Test(arguments: smallTransformers, [(WeightType.bf16, 3e-4), (.q8, 3e-3)])
  func narrowWeights(checkpoint: String, _ weights: (type: WeightType, limit: Double)) throws {
    let transformer = try transformer(checkpoint, weights: weights.type)
    let record = try TensorFile(path("call2", checkpoint))
    for result in try transformer.evaluate(inputs("call2", checkpoint)) {
      let deviation = Deviation(result.values, from: try record.floats(result.name))
      #expect(deviation.normalizedSquaredError <= weights.limit, "\(result.name)")
    }
  }

  /// An entry's results depend on the entry alone, bit for bit, whatever is beside it.
  @Test(arguments: smallTransformers, WeightType.allCases)
  func othersDoNotMatter(checkpoint: String, weights: WeightType) throws {
    let call = try inputs("call2", checkpoint)
    let order = [1, 0, 0, 1, 1]
    func chosen(_ entries: [Int]) -> EntryInputs {
      var chosen = call
      for (name, tensor) in call.tensors where tensor.shape[0] == 2 && !name.hasSuffix("_ids") {
        let size = tensor.shape.dropFirst().reduce(1, *)
        switch tensor.elements {
        case .floats(let floats):
          let values = floats.withElements { Array($0) }
          chosen.tensors[name] = .init(
            entries.flatMap { values[$0 * size..<($0 + 1) * size] },
            shape: [entries.count] + tensor.shape.dropFirst())
        case .integers(let integers): chosen.tensors[name] = .init(entries.map { integers[$0] })
        }
      }
      return chosen
    }
    let one = try transformer(checkpoint, weights: weights, threads: 1)
    let alone = try [0, 1].map { try one.evaluate(chosen([$0])) }
    for threads in 1...2 {
      let model = try transformer(checkpoint, weights: weights, threads: threads)
      for (index, result) in try model.evaluate(chosen(order)).enumerated() {
        #expect(
          sameBits(result.values, order.flatMap { alone[$0][index].values }), "\(result.name), \(threads)")
      }
    }
  }

  private static let patterns = [
    "*norm*", "*:[01]", "re:.*(to_.*|ff.*|proj.*|linear.*|embedder)", "re:.*(silu|act.*|attn2?|emb.*)",
  ]

  @Test(arguments: smallTransformers, patterns)
  func steering(checkpoint: String, pattern: String) throws {
    let model = try model(checkpoint, "call2")
    // Most have no blocks that give two streams.
    let hasStreams = model.graph.sites.contains { $0.name.hasSuffix(":1") }
    guard pattern != "*:[01]" || hasStreams else { return }
    let map = try model.randomMap(at: pattern)
    let call = try inputs("call2", checkpoint)
    try checkSteering(at: [0.3, 1], within: 1e-9) { variant, isSteered, strength in
      let isLive = isSteered && variant != .frozen
      let transformer = try transformer(
        checkpoint, "call2", variant, steeredBy: isSteered ? map : nil, strength: strength)
      return try transformer.evaluate(call, strengths: isLive ? [steeringMap: strength] : [:])
        .flatMap(\.values)
    }
  }

  @Test(arguments: smallTransformers, EntryFitTests.orders)
  func fitsEqualTheOracle(checkpoint: String, order: FitOrder) throws {
    let model = try model(checkpoint, "call2")
    func samples(factor: Float) throws -> [FitSample] {
      var inputs = try inputs("call2", checkpoint)
      let hidden = try #require(inputs.tensors["hidden_states"])
      guard case .floats(let floats) = hidden.elements else { return [] }
      let values = floats.withElements { $0.map { factor * $0 + 0.2 } }
      inputs.tensors["hidden_states"] = .init(values, shape: hidden.shape)
      return try TensorSamples.entries(of: inputs, for: model, digest: "\(factor)")
    }
    let data = try PairedSamples(source: samples(factor: 1), target: samples(factor: 1.5))
    let sites = model.sites.map(\.name).filter {
      $0.hasSuffix(":0") || $0.hasSuffix(":1") || $0.hasSuffix("norm_out") || $0.hasSuffix("attention_norm2")
    }
    var options = FitOptions(method: linearAct)
    options.samples.order = order
    let found = try fit(model, data, sites: sites, options: options)
    let expected = try naiveFit(model, data, sites: sites, options: options)
    for (found, expected) in zip(found.sites, expected.sites) { #expect(found == expected, "\(found.name)") }
    #expect(found.sites.map(\.name) == sites && expected.sites.count == sites.count)
  }
}
