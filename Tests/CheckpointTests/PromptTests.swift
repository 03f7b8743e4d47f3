import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// What depends on a prompt alone is computed once for the steps of its entries, and nothing else changes, to the bit.
@Suite struct PromptTests {
  /// A recorded call of a denoiser.
  struct Call: Hashable, Sendable, CustomTestStringConvertible {
    var checkpoint, name: String
    /// The name of the input of samples.
    var sample: String { checkpoint.hasPrefix("tiny-unet") ? "sample" : "hidden_states" }

    var testDescription: String { "\(checkpoint)/\(name)" }

    func model() throws -> Model {
      let shape = try TensorFile(fixture("\(checkpoint)/\(name).safetensors")).shape(sample)
      let size = shape.count == 4 ? ImageSize(width: shape[3], height: shape[2]) : nil
      return try Model(fixture(checkpoint), part: ModelPart(size: size))
    }

    func inputs(_ model: Model) throws -> EntryInputs {
      try EntryInputs(
        SafetensorsFile(fixture("\(checkpoint)/\(name).safetensors")), for: model.graph.declaredInputs)
    }
  }

  private static let unets = smallUNets.map { Call(checkpoint: $0, name: "call3") }
  private static let calls = unets + smallTransformers.map { Call(checkpoint: $0, name: "call2") }

  /// Sites whose values hang on the prompt alone, and others.
  private static let upstream = [
    "re:.*attn2\\.to_[kv]", "re:(caption_projection|context_embedder|encoder_hid_proj).*",
    "re:.*((text|guidance|class)_embedder|add_embedding|class_embedding).*",
  ]
  private static let downstream = ["re:.*norm.*", "re:.*(attn2|ff)"]

  private func denoiser(
    _ model: Model, prepares: Bool = true, steeredBy maps: [(name: String, file: MapFile)] = []
  ) throws -> EntryModel {
    var (set, options) = (MapSet(), CompileOptions())
    for (name, file) in maps { try set.add(file, name: name, path: name, model: model) }
    options.weights = .f32
    options.lowering.cacheType = .f32
    options.lowering.preparesPrompts = prepares
    return try EntryModel(
      model.compile(set, options).makeEngine(threads: 2, maximumSlots: 8), path: model.path)
  }

  /// The maps of `patterns` that match sites of the model, each with a dial of its own.
  private func maps(_ patterns: [String], _ model: Model) throws -> [(name: String, file: MapFile)] {
    try patterns.enumerated().compactMap { index, pattern in
      guard (try? model.sites(matching: [pattern])) != nil else { return nil }
      return ("m\(index)", try model.randomMap(at: pattern))
    }
  }

  /// The inputs of step `index`, and those of the prompt, moved by `offset`.
  private func parts(
    of inputs: EntryInputs, _ plan: Plan, step index: Int, offset: Float = 0
  ) -> (step: EntryInputs, prompt: EntryInputs) {
    var (step, prompt) = (inputs, inputs)
    for input in plan.inputs {
      guard let tensor = inputs.tensors[input.name] else { continue }
      let isOfPrompt = input.time == .prompt
      if isOfPrompt { step.tensors[input.name] = nil } else { prompt.tensors[input.name] = nil }
      guard case .floats(let floats) = tensor.elements else { continue }
      let values = floats.withElements { elements in
        elements.map { isOfPrompt ? $0 + offset : $0 * (1 - 0.3 * Float(index)) }
      }
      if isOfPrompt {
        prompt.tensors[input.name] = .init(values, shape: tensor.shape)
      } else {
        step.tensors[input.name] = .init(values, shape: tensor.shape)
      }
    }
    step.tensors[EntryInputs.sequences] = nil
    return (step, prompt)
  }

  private func whole(_ parts: (step: EntryInputs, prompt: EntryInputs)) -> EntryInputs {
    var inputs = parts.step
    inputs.tensors.merge(parts.prompt.tensors) { $1 }
    return inputs
  }

  private func same(_ found: [ResultTensor], _ expected: [ResultTensor]) -> Bool {
    found.map(\.name) == expected.map(\.name)
      && zip(found, expected).allSatisfy { $0.shape == $1.shape && sameBits($0.values, $1.values) }
  }

  /// Two prompts take turns over several steps, as where guidance is not batched.
  @Test(arguments: calls) func stepsOfPromptsEqualWholeCalls(call: Call) throws {
    let model = try call.model()
    let denoiser = try denoiser(model)
    let bare = try self.denoiser(model, prepares: false)
    #expect(bare.plan.prompt.isEmpty && !denoiser.plan.promptFollowsDials)
    #expect(bare.plan.stepCount >= denoiser.plan.stepCount + denoiser.plan.promptCount)
    let inputs = try call.inputs(model)
    let prompts = [Float(0), 0.25].map {
      EntryPrompt(parts(of: inputs, denoiser.plan, step: 0, offset: $0).prompt)
    }
    for step in 0..<3 {
      for (prompt, offset) in zip(prompts, [Float(0), 0.25]) {
        let parts = parts(of: inputs, denoiser.plan, step: step, offset: offset)
        let expected = try bare.evaluate(whole(parts))
        #expect(same(try denoiser.evaluate(parts.step, prompt: prompt), expected), "step \(step)")
        if step == 1 { #expect(same(try denoiser.evaluate(whole(parts)), expected), "in one") }
      }
    }
  }

  /// No layer of the step runs over rows of text, and no key or value of theirs is made again.
  @Test(
    arguments: unets
      + smallTransformers.filter { $0.hasPrefix("tiny-pixart") }.map {
        Call(checkpoint: $0, name: "call2")
      })
  func stepsReadNoText(call: Call) throws {
    let model = try call.model()
    for maps in [[], try maps(Self.upstream + Self.downstream, model)] {
      let plan = try denoiser(model, steeredBy: maps).plan
      let ofText = plan.values[plan.step].filter { $0.type.shape.first == .symbol("T") && $0.place != .view }
      #expect(ofText.map(\.name) == [])
      #expect(
        plan.values[plan.prompt].contains { $0.type.shape.first == .symbol("T") }
          || !plan.inputs.contains { $0.type.shape.first == .symbol("T") })
    }
  }

  /// Entries of several strengths at once, which then move: at maps that the prompt hangs on, and at others.
  @Test(arguments: calls) func strengthsMove(call: Call) throws {
    let model = try call.model()
    let maps = try maps(Self.upstream + Self.downstream, model)
    let denoiser = try denoiser(model, steeredBy: maps)
    let bare = try self.denoiser(model, prepares: false, steeredBy: maps)
    let inputs = try call.inputs(model)
    let prompt = EntryPrompt(parts(of: inputs, denoiser.plan, step: 0).prompt)
    /// Of the maps that the model has, by pattern.
    func steering(_ strengths: [Float]) -> Steering {
      let named = strengths.enumerated().map { ("m\($0)", $1) }
      return Steering(
        Dictionary(uniqueKeysWithValues: named.filter { name, _ in maps.contains { $0.name == name } }))
    }
    let count = try inputs.sizes(model.graph.declaredInputs).sizes.count
    let ways: [[[Float]]] = [
      [[0, 0, 0, 0, 0]], [[1, 0.5, 0.25, 0.5, 1]], [[0, 0, 0, 1, 0.5]],
      [[1, 0.5, 0.25, 0.5, 1], [0, 0, 0, 0, 0]],
      [[0, 0, 0, 0, 0], [0.5, 1, 1, 0, 0]], [[0.5, 1, 1, 0, 0], [0.5, 1, 1, 0, 0]],
    ]
    var results: [[ResultTensor]] = []
    for (step, strengths) in ways.enumerated() {
      let parts = parts(of: inputs, denoiser.plan, step: 0)
      let steering = EntrySteering(strengths.map(steering), of: (0..<count).map { $0 % strengths.count })
      let expected = try bare.evaluate(whole(parts), steering: steering)
      #expect(
        same(try denoiser.evaluate(parts.step, steering: steering, prompt: prompt), expected), "\(step)")
      #expect(
        same(try denoiser.evaluate(parts.step, steering: steering, prompt: prompt), expected),
        "\(step), again")
      results.append(expected)
    }
    #expect(!same(results[0], results[1]) && !same(results[0], results[2]))
  }

  /// The sites of the prompt are handed out too, in every call that asks for them.
  @Test func sitesOfThePromptAreSeen() throws {
    let call = Call(checkpoint: "tiny-unet-xl", name: "call3")
    let model = try call.model()
    let denoiser = try denoiser(model)
    let bare = try self.denoiser(model, prepares: false)
    let sites = Set(denoiser.engine.observableSites)
    #expect(sites == Set(bare.engine.observableSites))
    let parts = parts(of: try call.inputs(model), denoiser.plan, step: 1)
    let prompt = EntryPrompt(parts.prompt)
    let expected = try bare.evaluate(whole(parts), sites: sites)
    for _ in 0..<2 {
      let found = try denoiser.evaluate(parts.step, prompt: prompt, sites: sites)
      for result in found {
        let other = try #require(expected.first { $0.name == result.name })
        #expect(sameBits(result.values, other.values), "\(result.name)")
      }
      #expect(found.count == expected.count)
    }
  }

  /// A prompt of other entries than the step's is refused.
  @Test func otherEntriesAreRefused() throws {
    let call = Call(checkpoint: "tiny-unet", name: "call3")
    let model = try call.model()
    let denoiser = try denoiser(model)
    let parts = parts(of: try call.inputs(model), denoiser.plan, step: 0)
    let prompt = EntryPrompt(parts.prompt)
    _ = try denoiser.evaluate(parts.step, prompt: prompt)
    let sizes = [EntrySize(text: 3), EntrySize(text: 2)]
    try denoiser.engine.makeRoomForPrompt()
    let state = try denoiser.engine.prepare(entries: sizes, slots: [0, 0])
    try denoiser.engine.step(entries: sizes, slots: [0, 0], prompt: state)
    #expect(throws: EngineError.self) {
      try denoiser.engine.step(entries: [sizes[0]], slots: [0], prompt: state)
    }
  }

  /// A call too large for one step has a prompt for each.
  @Test func callsOfSeveralSteps() throws {
    let call = Call(checkpoint: "tiny-unet", name: "call3")
    let model = try call.model()
    var options = CompileOptions()
    options.weights = .f32
    options.lowering.maximumEntries = 1
    let single = try EntryModel(model.compile(MapSet(), options).makeEngine(threads: 2), path: model.path)
    let inputs = try call.inputs(model)
    let prompt = EntryPrompt(parts(of: inputs, single.plan, step: 0).prompt)
    var whole: [[ResultTensor]] = []
    for step in 0..<2 {
      let parts = parts(of: inputs, single.plan, step: step)
      whole.append(try single.evaluate(self.whole(parts)))
      #expect(same(try single.evaluate(parts.step, prompt: prompt), whole[step]), "\(step)")
    }
    #expect(!same(whole[0], whole[1]))
  }
}
