import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import GraphReference
import ModelChecks
import Testing
import Workbench

/// Convolutions, poolings and upsamplings of any shape compute what the graph says.
@Suite struct ImageOpTests {
  private static let weights = "encoder.layers.1.conv.0"
  private let model: Model

  init() throws {
    model = try Model(
      fixture("tiny-taesd"), part: ModelPart(module: "encoder", size: ImageSize(width: 8, height: 8)))
  }

  @Test(arguments: 0..<40 as Range<UInt64>) func computeWhatTheirGraphSays(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let graph = try Self.graph(using: &random)
    let shape = graph.type(graph.inputs[0]).shape.compactMap(\.fixed)
    let count = Int.random(in: 1...3, using: &random)
    let images = Images(
      channels: shape[2], height: shape[0], width: shape[1],
      values: (0..<count * shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) })
    let reference = ReferenceValues(graph, sizes: ["B": count]) { op in
      switch op {
      case .input: images.pixels.map(Double.init)
      case .weight(let name):
        model.checkpoint.tensor(named: name)?.bytes.bindMemory(to: Float.self).map(Double.init)
      default: nil
      }
    }
    for fuses in [false, true] {
      var options = CompileOptions()
      options.weights = .f32
      options.fuses = fuses
      let compiled = try model.compile(graph, MapSet(), options)
      #expect(compiled.plan.values.contains { $0.op.mnemonic == "conv_epilogue" } == fuses)
      let results = try compiled.makeEngine(threads: 2).run(images)
      for (result, expected) in zip(graph.results, reference.results) {
        let values = try #require(results[result.name]).pixels
        let deviation = Deviation(values, from: expected.data.map { Float($0) })
        #expect(deviation.normalizedSquaredError <= 1e-10, "\(result.name), fused: \(fuses)\n\(graph)")
      }
    }
  }

  /// A graph of every op of images, over a part of the channels of its input.
  private static func graph(using random: inout SplitMix64) throws -> Graph {
    // The matrix has 12 rows and 108 columns.
    let channels = [1, 2, 3, 4, 6, 9, 12, 27, 36, 54, 108].randomElement(using: &random)!
    let taps = 108 / channels
    let kernelHeight = (1...taps).filter { taps % $0 == 0 }.randomElement(using: &random)!
    let kernel = [kernelHeight, taps / kernelHeight]
    let padding = (0..<4).map { Int.random(in: 0..<min(4, kernel[$0 % 2]), using: &random) }
    let stride = (0..<2).map { _ in Int.random(in: 1...3, using: &random) }
    let sides = (0..<2).map { axis in
      max(1, kernel[axis] - padding[axis] - padding[axis + 2]) + Int.random(in: 0...6, using: &random)
    }
    let size = (0..<2).map { axis -> Int in
      let padded = sides[axis] + padding[axis] + padding[axis + 2]
      return (padded - kernel[axis]) / stride[axis] + 1
    }
    let other = (0..<2).map { _ in Int.random(in: 1...9, using: &random) }
    func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }
    let windows = "kernel = \"\(list(kernel))\", stride = \"\(list(stride))\", padding = \"\(list(padding))\""
    let (image, out) = (list(sides), list(size))
    return try Graph(
      parsing: """
        graph @images(%x: f32[B,\(image),\(channels + 3)]) {
          %stored = weight {name = "\(weights).weight"} : f32[12,12,3,3]
          %matrix = reshape %stored : f32[12,108]
          %bias = weight {name = "\(weights).bias"} : f32[12]
          %part = slice %x {start = 2, count = \(channels)} : f32[B,\(image),\(channels)]
          %conv = conv %part, %matrix, %bias {\(windows)} : f32[B,\(out),12]
          %active = silu %conv : f32[B,\(out),12]
          %bare = conv %part, %matrix {\(windows)} : f32[B,\(out),12]
          %window = average_pool %part {\(windows)} : f32[B,\(out),\(channels)]
          %image = average_pool %part {\(windows), counts = image} : f32[B,\(out),\(channels)]
          %nearest = upsample_nearest %part : f32[B,\(list(other)),\(channels)]
          %number = slice %x {start = 1, count = 1} : f32[B,\(image),1]
          %waves = sinusoids %number {width = 6, base = 100.0, offset = 1.0} : f32[B,\(image),6]
          %moments = moments %part : f32[B,2,\(channels)]
          %pair = reshape %moments : f32[B,1,2,\(channels)]
          return %active, %bare, %window, %image, %nearest, %waves, %pair
        }
        """)
  }
}
