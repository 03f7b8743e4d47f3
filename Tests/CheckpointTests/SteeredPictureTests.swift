import ActDiffusion
import ActFormats
import ActIR
import ActPlan
import ActRuntime
import ActText
import ModelChecks
import Testing

/// Pictures whose predictions with the prompt and with the negative one are steered alike, or each in its own way.
@Suite struct SteeredPictureTests {
  private static let patterns = (picture: "re:.*(norm\\d?|attn2\\.to_[kv])", text: "*layer_norm2")
  private static let on: Steering = [SmallPipeline.pictureMap: 1, SmallPipeline.textMap: 0.5]

  private func request(samples: Range<Int> = 0..<2) -> PictureModel.Request {
    var request = PictureModel.Request(prompt: "a cat", steps: 3, guidance: 3, seed: 5, samples: samples)
    request.negativePrompt = "a dog"
    return request
  }

  /// Both halves in one call are two calls, to the bit.
  @Test(arguments: [nil, [:], on, [SmallPipeline.pictureMap: 0.25]] as [Steering?])
  func halvesAreApart(negative: Steering?) throws {
    let model = try SmallPipeline(steeredAt: Self.patterns).model()
    var request = request()
    request.negativeSteering = negative
    let together = try model.pictures(request, steering: Self.on)
    request.batchesGuidance = false
    #expect(try model.pictures(request, steering: Self.on) == together)
  }

  /// The conditional half alone is what a bare prediction with the negative prompt and a steered one with the prompt make.
  @Test func theConditionalHalfAlone() throws {
    let pipeline = try SmallPipeline(steeredAt: Self.patterns)
    let model = try pipeline.model()
    var request = request()
    request.negativeSteering = [:]
    let found = try model.pictures(request, steering: Self.on)

    let plan = try pipeline.file()
    let modules = try EntryPipeline(plan, threads: 1).modules
    let scheduler = try model.scheduler.run(SchedulerOptions(steps: request.steps))
    let tokenizer = try #require(try plan.makeTokenizer("text_encoder"))
    let length = try #require(model.pipeline.texts.first).length
    func states(_ text: String, _ steering: Steering) throws -> ResultTensor {
      var tokens = try tokenizer.encode(text)
      tokens += [Int](repeating: tokens.last!, count: length - tokens.count)
      return try modules[0].evaluate(EntryInputs(path: "x", ["tokens": .init(tokens)]), strengths: steering)[
        0]
    }
    let texts = [
      try states(request.negativePrompt ?? "", [:]), try states(request.prompt, [SmallPipeline.textMap: 0.5]),
    ]
    let latents = Latents(seed: request.seed, samples: request.samples, shape: model.latentShape)
    var denoising = Denoising(
      scheduler, latents: latents.samples,
      noise: request.samples.map { SampleNoise(seed: request.seed, sample: $0) },
      guidance: .init(scale: request.guidance, isBatched: false))
    let samples = try denoising.finish { call in
      try zip(call.entries, call.inputs).map { entry, input in
        let half = entry.isConditional ? 1 : 0
        return try modules[1].evaluate(
          EntryInputs(
            path: "x",
            [
              "sample": .init(input, shape: [1] + model.latentShape),
              "timestep": .init([Float(call.time)], shape: [1]),
              "encoder_hidden_states": .init(texts[half].values, shape: texts[half].shape),
            ]), strengths: half == 1 ? [SmallPipeline.pictureMap: 1] : [:])[0].values
      }
    }
    let pictures = try samples.map { sample in
      let z = model.pipeline.decoderInput(sample, channels: model.latentShape[0])
      return try modules[2].evaluate(EntryInputs(path: "x", ["z": .init(z, shape: [1] + model.latentShape)]))[
        0
      ]
      .values.map { $0 / 2 + 0.5 }
    }
    #expect(pictures == found)
  }

  @Test func halvesMatter() throws {
    let model = try SmallPipeline(steeredAt: Self.patterns).model()
    var request = request()
    let both = try model.pictures(request, steering: Self.on)
    request.negativeSteering = Self.on
    #expect(try model.pictures(request, steering: Self.on) == both)
    request.negativeSteering = [:]
    let conditional = try model.pictures(request, steering: Self.on)
    request.negativeSteering = nil
    let bare = try model.pictures(request)
    #expect(both != conditional && conditional != bare && both != bare)
    request.negativeSteering = ["none": 1]
    #expect(throws: EngineError.self) { try model.pictures(request) }
  }

  /// A strength that moves over the calls moves what the prompt becomes, too: as calls that keep nothing of it.
  @Test func strengthsThatMove() throws {
    let expression = try SteeringExpression(parsing: "\(SmallPipeline.pictureMap)=0->1 over 2")
    let steering = try #require(expression.single)
    let model = try SmallPipeline(steeredAt: Self.patterns).model()
    let all = try model.pictures(request(samples: 0..<3), steering: steering)
    var apart = request(samples: 2..<3)
    apart.batchesGuidance = false
    #expect(try model.pictures(apart, steering: steering) == [all[2]])
    #expect(try model.pictures(request(samples: 0..<3), steering: [SmallPipeline.pictureMap: 1]) != all)
  }

  /// More samples than a call holds are made in several batches, and are the same.
  @Test(arguments: [1, 2, 3, 5]) func batchesFit(entries: Int) throws {
    let all = try SmallPipeline(entries: 16).model().pictures(request(samples: 0..<5))
    var counts: [Int] = []
    let some = try SmallPipeline(entries: entries).model().pictures(request(samples: 0..<5)) { done, count in
      counts.append(count)
      #expect(done <= count)
    }
    #expect(some == all)
    let batch = max(1, entries / 2)
    #expect(Set(counts) == [(5 + batch - 1) / batch * 3])
  }
}
