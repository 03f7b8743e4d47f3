import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Small autoencoders against what `diffusers` computes for them (`Scripts/make-tiny-taesd.py`).
@Suite struct AutoencoderTests {
  static let calls = smallAutoencoders.flatMap { checkpoint in
    recordedImages.map { ImageCall(checkpoint: checkpoint, name: $0.0, input: $0.1, result: $0.2) }
  }

  @Test(arguments: calls, [Variant.reference, .live])
  func equalsDiffusers(call: ImageCall, variant: Variant) throws {
    let record = try call.record()
    let engine = try call.model().makeEngine(variant)
    let result = try #require(try engine.run(record.input)[call.result])
    let expected = try record.images(call.result)
    #expect(
      [result.channels, result.height, result.width] == [expected.channels, expected.height, expected.width])
    let deviation = Deviation(result.values, from: expected.values)
    #expect(deviation.normalizedSquaredError <= 1e-8)
    #expect(deviation.largestRelative <= 1e-3)
  }

  /// Matrices of fewer bits. Where the CPU multiplies bf16, activations are rounded to it too.
  @Test(
    arguments: calls.filter { $0.name.hasSuffix("2") }, [(WeightType.bf16, 2e-4), (.q8, 1e-3), (.q4, 1e-1)])
  func fewerBits(call: ImageCall, weights: (type: WeightType, bound: Double)) throws {
    let record = try call.record()
    let engine = try call.model().makeEngine(weights: weights.type)
    let result = try #require(try engine.run(record.input)[call.result])
    let deviation = Deviation(result.values, from: try record.images(call.result).values)
    #expect(deviation.normalizedSquaredError <= weights.bound)
    #expect(deviation.normalizedSquaredError > 1e-9)
  }

  /// The modules inside, by the names that `named_modules` gives them.
  @Test(arguments: calls.filter { $0.checkpoint == "tiny-taesd" && $0.name.hasSuffix("1") })
  func sites(call: ImageCall) throws {
    let record = try call.record()
    let sites = SteeredImages.sites[call.module]!
    let engine = try call.model().makeEngine(recording: sites)
    let results = try engine.run(record.input)
    for site in sites {
      let value = try #require(results[site])
      let deviation = Deviation(value.values, from: try record.images(site).values)
      #expect(deviation.normalizedSquaredError <= 1e-8, "\(site)")
    }
  }

  /// In a plan that shares the arena's bytes an epilogue takes the rest of each block.
  @Test func fusesBlocks() throws {
    let call = Self.calls[0]
    let plan = try call.model().compileSteered().plan
    let kernels = plan.step.map { plan.values[$0].op.mnemonic }
    // What maps pixels to [0, 1], and ten layers of convolutions: five blocks of three, and five others.
    #expect(kernels.count { $0 == "conv" || $0 == "conv_epilogue" } == 20)
    #expect(kernels.count == 21)
  }

  /// An image's result depends on the image alone, bit for bit: whatever is in the call with it, and on all threads.
  @Test(arguments: calls.filter { $0.name.hasSuffix("3") }, WeightType.allCases)
  func othersDoNotMatter(call: ImageCall, weights: WeightType) throws {
    let record = try call.record()
    let model = try call.model()
    let engine = try model.makeEngine(weights: weights, threads: 1)
    let alone = try (0..<record.input.count).map { try engine.run(record.input[$0]) }
    for threads in 1...3 {
      let engine = try model.makeEngine(weights: weights, threads: threads)
      for order in [[0, 1, 2], [2, 0, 1, 1], [1]] {
        let result = try #require(try engine.run(record.input.images(order))[call.result])
        for (place, index) in order.enumerated() {
          #expect(sameBits(result[place].values, alone[index][call.result]!.values))
        }
      }
    }
  }

  /// A function of upsampling concerns the decoder alone.
  @Test func otherUpsamplingIsNotSupported() throws {
    let directory = try TemporaryDirectory()
    let source = fixture("tiny-taesd-3")
    for file in ["config.json", "diffusion_pytorch_model.safetensors"] {
      let bytes = try readBytes("\(source)/\(file)")
      let text = String(decoding: bytes, as: UTF8.self)
      _ =
        try file == "config.json"
        ? directory.write(text.replacing(#""bilinear""#, with: #""bicubic""#), to: file)
        : directory.write(bytes, to: file)
    }
    let size = ImageSize(width: 4, height: 4)
    #expect(throws: Never.self) { try Model(directory.path, part: ModelPart(module: "encoder", size: size)) }
    let error = #expect(throws: FileError.self) {
      try Model(directory.path, part: ModelPart(module: "decoder", size: size))
    }
    #expect(error?.isUnsupported == true)
    #expect(error?.place == "upsample_fn")
  }

  @Test(arguments: [
    (ModelPart(), "or one by --module encoder or decoder"),
    (ModelPart(module: "unet"), "has no module `unet`: give --module encoder or decoder"),
    (ModelPart(module: "decoder"), "the size of the decoder's input is not known: give --size WIDTHxHEIGHT"),
    (
      ModelPart(module: "decoder", size: ImageSize(width: 16384, height: 16)),
      "a sample of more than 16384 pixels a side: give a smaller --size"
    ),
  ])
  func partsMustBeChosen(part: ModelPart, problem: String) throws {
    let error = #expect(throws: UsageError.self) { try Model(fixture("tiny-taesd"), part: part) }
    #expect(error?.description.hasSuffix(problem) == true, "\(String(describing: error))")
  }

  @Test func textModelsHaveNoParts() throws {
    #expect(throws: UsageError.self) {
      try Model(fixture("tiny-plain"), part: ModelPart(module: "decoder"))
    }
  }
}

/// A recorded call of a small autoencoder.
struct ImageCall: Hashable, Sendable, CustomTestStringConvertible {
  var checkpoint: String
  var name: String
  var input: String
  var result: String

  var module: String { String(name.prefix { $0.isLetter }) }
  var testDescription: String { "\(checkpoint)/\(name)" }

  func record() throws -> ImageRecord { try ImageRecord("\(checkpoint)/\(name)", input: input) }

  func model() throws -> Model {
    try Model(fixture(checkpoint), part: ModelPart(module: module, size: record().input.size))
  }
}
