import ActCompile
import ActDiffusion
import ActFit
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Testing
import Workbench

/// Fits of pipelines with transformers on prompts, or classes of images, against activations that `diffusers` gives under
/// hooks, each prompt alone, and maps that NumPy computes of them (`Scripts/make-tiny-pipelines.py`). Waves of times are in
/// f32 there, which DiT shows: measured 4.8e-10, and 1.7e-8 in the slopes of a few samples.
@Suite struct TransformerFitTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var pipeline: String
    var size: ImageSize
    var sites: [String]
    var testDescription: String { pipeline }
  }

  static let cases = [
    Case(
      pipeline: "tiny-dit-pipeline", size: ImageSize(width: 16, height: 16),
      sites: ["transformer_blocks.0.attn1.to_out.0", "transformer_blocks.0", "transformer_blocks.1.ff"]),
    Case(
      pipeline: "tiny-z-image-pipeline", size: ImageSize(width: 24, height: 16),
      sites: [
        "noise_refiner.0.attention_norm1", "context_refiner.0", "layers.0", "layers.1.attention.to_out.0",
        "layers.1",
      ]),
  ]

  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func samples(
    _ fitted: Case, _ steps: String
  ) throws -> (model: Model, samples: PairedSamples) {
    let file = try SafetensorsFile(fixture("\(fitted.pipeline)/fit.safetensors"))
    var options = PromptOptions()
    options.seed = try #require(UInt64(file.metadata("seed") ?? ""))
    let runSteps: Int = try #require(Int(file.metadata("steps") ?? ""))
    options.runSteps = runSteps
    options.steps = try #require(DenoisingSteps(steps))
    let seed = options.seed
    func prompts(_ side: Side) throws -> [FitPrompt] {
      let texts = try JSON(parsing: file.metadata(side.rawValue) ?? "").array ?? []
      return FitPrompt.prompts(
        texts.enumerated().map { ($0.offset, $0.element.string ?? "") }, side, appending: nil, seed: seed)
    }
    let pipeline = try Pipeline(PipelineFolder(fixture(fitted.pipeline)), size: fitted.size)
    let (networks, planned) = try pipeline.forPlan()
    let model = try #require(networks.first { $0.graph.name == "transformer" })
    let denoiser = try PromptedDenoiser(pipeline, networks, planned, model: model, options)
    var spent = SampleOptions()
    let samples = try denoiser.samples(
      of: PairedPrompts(source: prompts(.source), target: prompts(.target)), &spent)
    return (model, samples)
  }

  private func record(_ fitted: Case) throws -> TensorFile {
    try TensorFile(fixture("\(fitted.pipeline)/fit.safetensors"))
  }

  /// The samples of every step are those of the hooks.
  @Test(arguments: cases) func activationsEqualDiffusers(fitted: Case) throws {
    let (model, samples) = try samples(fitted, "all")
    let path = directory.file("x.samples")
    var options = SampleOptions()
    options.order = .simultaneous
    try collect(
      model, SampleShard(.init(1, of: 1)!, of: samples), sites: fitted.sites, after: nil, options: options,
      output: path)
    let (found, record) = (try SampleFile(reading: path), try record(fitted))
    for site in fitted.sites {
      for side in Side.allCases {
        let values = Array(try found.samples(site, side.rawValue))
        var expected: [Float] = []
        for step in 0..<3 { expected += try record.floats("\(site)/\(side.rawValue)/\(step)") }
        let deviation = Deviation(values, from: expected)
        #expect(deviation.normalizedSquaredError <= 2e-9, "\(site), \(side): \(deviation)")
      }
    }
  }

  @Test(arguments: cases) func mapsEqualNumPy(fitted: Case) throws {
    let (model, samples) = try samples(fitted, "0")
    var options = FitOptions(method: linearAct)
    options.samples.order = .simultaneous
    let (map, record) = (try fit(model, samples, sites: fitted.sites, options: options), try record(fitted))
    #expect(map.sites.map(\.name) == fitted.sites)
    for site in map.sites {
      for (name, parameter) in site.parameters {
        let expected = try record.floats("linear-act/0/\(site.name)/\(name)")
        let deviation = Deviation(parameter.values, from: expected)
        #expect(deviation.normalizedSquaredError <= 1e-7, "\(site.name)/\(name): \(deviation)")
      }
    }
    // In causal order as the model run again for each site.
    options.samples.order = .causal
    let causal = try fit(model, samples, sites: fitted.sites, options: options)
    #expect(causal.sites[0] == map.sites[0] && causal.sites.last != map.sites.last)
    #expect(causal.sites == (try naiveFit(model, samples, sites: fitted.sites, options: options)).sites)
  }
}
