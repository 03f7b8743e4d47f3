import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import GraphReference
import ModelChecks
import Testing

/// Attention within entries of any number of rows, with biases by relative position, computes what the graph says.
@Suite struct EntryOpTests {
  private static let module = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias"

  @Test(arguments: 0..<30 as Range<UInt64>) func computeWhatTheirGraphSays(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let model = try Model(fixture("tiny-t5"))
    let rows = Int.random(in: 1...(seed % 3 == 0 ? 150 : 20), using: &random)
    let graph = try Self.graph(rows, using: &random)
    let count = Int.random(in: 1...4, using: &random)
    let values = (0..<count * rows * 36).map { _ in Float.random(in: -2...2, using: &random) }
    let reference = ReferenceValues(graph, sizes: ["B": count]) { op in
      switch op {
      case .input: values.map(Double.init)
      case .weight(let name):
        model.checkpoint.tensor(named: name)?.bytes.bindMemory(to: Float.self).map(Double.init)
      default: nil
      }
    }
    for fuses in [false, true] {
      var options = CompileOptions()
      options.fuses = fuses
      let engine = try model.compile(graph, MapSet(), options).makeEngine(threads: 2)
      let results = try EntryModel(engine, path: "graph")
        .evaluate(EntryInputs(path: "x", ["x": .init(values, shape: [count, rows, 36])]))
      #expect(results.map(\.name) == graph.results.map(\.name))
      for (result, expected) in zip(results, reference.results) {
        let deviation = Deviation(result.values, from: expected.data.map { Float($0) })
        #expect(deviation.normalizedSquaredError <= 1e-10, "\(result.name), fused: \(fuses)\n\(graph)")
      }
    }
  }

  /// Three heads of four channels, over the rows of `x` and some that all entries share.
  private static func graph(_ rows: Int, using random: inout SplitMix64) throws -> Graph {
    let distance = [3, 4, 9, 40].randomElement(using: &random)!
    let window = Bool.random(using: &random) ? Int.random(in: 1...rows, using: &random) : 0
    let visible = Bool.random(using: &random) ? "all" : "causal"
    let parts = ["%shared, %x", "%x, %shared", "%shared, %x, %shared"].randomElement(using: &random)!
    let all = rows + parts.split(separator: ",").count { $0.contains("shared") }
    return try Graph(
      parsing: """
        graph @entries(%x: f32[B,\(rows),36]) {
          %table = weight {name = "\(module).weight"} : f32[10,3]
          %relative = relative_rows %table {distance = \(distance)} : f32[\(2 * distance + 1),3]
          %bias = permute %relative {axes = "1,0"} : f32[3,\(2 * distance + 1)]
          %gain = weight {name = "encoder.final_layer_norm.weight"} : f32[36]
          %shared = reshape %gain : f32[1,1,36]
          %joined = concat \(parts) {axis = 1} : f32[B,\(all),36]
          %q = slice %joined {start = 0, count = 12} : f32[B,\(all),12]
          %k = slice %joined {start = 12, count = 12} : f32[B,\(all),12]
          %v = slice %joined {start = 24, count = 12} : f32[B,\(all),12]
          %kv = kv_pack %k, %v : kvf32[B,\(all),3,4]
          %biased = attention %q, %kv, %bias {scale = 0.5, visible = \(visible), window = \(window)} : f32[B,\(all),12]
          %plain = attention %q, %kv {scale = 0.7, visible = \(visible), soft_cap = 3.0} : f32[B,\(all),12]
          %first = slice %biased {start = 0, count = 1, axis = 1} : f32[B,1,12]
          return %biased, %plain, %first
        }
        """)
  }
}
