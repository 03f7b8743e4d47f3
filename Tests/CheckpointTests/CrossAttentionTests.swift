import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActRuntime
import GraphReference
import ModelChecks
import Testing

/// Attention of the rows of one kind to those of another of the same entries.
@Suite struct CrossAttentionTests {
  /// Images of so many pixels, and texts of these lengths.
  private struct Call {
    var pixels: Int
    var texts: [Int]
    var image, text: [Float]

    init(using random: inout SplitMix64) {
      pixels = Int.random(in: 1...6, using: &random)
      let longest = Bool.random(using: &random) ? 150 : 9
      texts = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        Int.random(in: 1...longest, using: &random)
      }
      func values(_ count: Int) -> [Float] {
        (0..<count).map { _ in .random(in: -2...2, using: &random) }
      }
      image = values(texts.count * pixels * 3 * 24)
      text = values(texts.reduce(0, +) * 24)
    }

    func inputs(_ order: [Int]? = nil) -> EntryInputs {
      let order = order ?? Array(texts.indices)
      func part(_ values: [Float], _ counts: [Int], _ entry: Int) -> ArraySlice<Float> {
        let first = counts[..<entry].reduce(0, +) * 24
        return values[first..<first + counts[entry] * 24]
      }
      let sizes = texts.map { _ in pixels * 3 }
      return EntryInputs(
        path: "x",
        [
          "image": .init(order.flatMap { part(image, sizes, $0) }, shape: [order.count, 24, pixels, 3]),
          "text": .init(
            order.flatMap { part(text, texts, $0) }, shape: [order.map { texts[$0] }.reduce(0, +), 24]),
          "sequences": .init(
            order.enumerated().flatMap { place, entry in [Int](repeating: place, count: texts[entry]) }),
        ])
    }
  }

  private func graph(_ pixels: Int) throws -> Graph {
    try Graph(
      parsing: """
        graph @cross(%image: f32[B,\(pixels),3,24], %text: f32[T,24]) {
          %q = slice %image {start = 0, count = 12} : f32[B,\(pixels),3,12]
          %k = slice %text {start = 0, count = 6} : f32[T,6]
          %v = slice %text {start = 6, count = 6} : f32[T,6]
          %kv = kv_pack %k, %v : kvf32[T,2,3]
          %y = attention %q, %kv {scale = 0.5, visible = all} : f32[B,\(pixels),3,12]
          %own = slice %image {start = 12, count = 12} : f32[B,\(pixels),3,12]
          %rows = reshape %own : f32[B,\(pixels * 3),12]
          %pack = kv_pack %rows, %rows : kvf32[B,\(pixels * 3),3,4]
          %p = slice %text {start = 12, count = 12} : f32[T,12]
          %z = attention %p, %pack {scale = 0.7, visible = all, soft_cap = 3.0} : f32[T,12]
          %c = attention %k, %kv {scale = 0.7, window = 3} : f32[T,6]
          return %y, %z, %c
        }
        """)
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func computesWhatTheGraphSays(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let call = Call(using: &random)
    let model = try Model(fixture("tiny-t5"))
    let graph = try graph(call.pixels)
    let inputs = call.inputs()
    var shown: [String: [Float]] = ["text": call.text, "image": call.image]
    // The channels of an image are apart in files.
    let size = call.pixels * 3
    shown["image"] = (0..<call.image.count).map { at in
      let (image, pixel, channel) = (at / (size * 24), at / 24 % size, at % 24)
      return call.image[image * size * 24 + channel * size + pixel]
    }
    let reference = ReferenceValues(graph, rowsOfEntries: ["T": call.texts]) { op in
      guard case .input(let name, _, _) = op else { return nil }
      return shown[name]?.map(Double.init)
    }
    for fuses in [false, true] {
      var options = CompileOptions()
      options.fuses = fuses
      let engine = try model.compile(graph, MapSet(), options).makeEngine(threads: 2)
      let results = try EntryModel(engine, path: "graph").evaluate(inputs)
      for (result, expected) in zip(results, reference.results) where result.name != "y" {
        let deviation = Deviation(result.values, from: expected.data.map { Float($0) })
        #expect(deviation.normalizedSquaredError <= 1e-10, "\(result.name)")
      }
      let rows = reference.results[0].data
      let planar = (0..<rows.count).map { at in
        let (image, channel, pixel) = (at / (size * 12), at / size % 12, at % size)
        return Float(rows[image * size * 12 + pixel * 12 + channel])
      }
      #expect(Deviation(results[0].values, from: planar).normalizedSquaredError <= 1e-10)
    }
  }

  /// An entry's rows see its own text alone: beside any others they are the same, to the bit.
  @Test(arguments: 20..<30 as Range<UInt64>) func othersDoNotMatter(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let call = Call(using: &random)
    let compiled = try Model(fixture("tiny-t5")).compile(graph(call.pixels), MapSet(), CompileOptions())
    let model = try EntryModel(compiled.makeEngine(threads: 2), path: "graph")
    let alone = try call.texts.indices.map { try model.evaluate(call.inputs([$0])) }
    let order = (0..<7).map { _ in Int.random(in: 0..<call.texts.count, using: &random) }
    for (index, result) in try model.evaluate(call.inputs(order)).enumerated() {
      let expected = order.flatMap { alone[$0][index].values }
      #expect(result.values.map(\.bitPattern) == expected.map(\.bitPattern), "\(result.name) of \(order)")
    }
  }

  private func evaluate(_ tensors: [String: EntryInputs.Tensor]) throws -> [ResultTensor] {
    let compiled = try Model(fixture("tiny-t5")).compile(graph(2), MapSet(), CompileOptions())
    return try EntryModel(compiled.makeEngine(threads: 1), path: "graph")
      .evaluate(EntryInputs(path: "x", tensors))
  }

  private func tensor(_ shape: [Int]) -> EntryInputs.Tensor {
    .init((0..<shape.reduce(1, *)).map { Float($0 * 7 % 13) / 13 }, shape: shape)
  }

  /// Rows of as many texts as there are images may be given as [B,S,D], which results then are too.
  @Test func textsMayBeAnAxis() throws {
    let image = tensor([2, 24, 2, 3])
    let separate = try evaluate(["image": image, "text": tensor([2, 5, 24])])
    let together = try evaluate([
      "image": image, "text": tensor([10, 24]), "sequences": .init([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]),
    ])
    #expect(separate.map(\.shape) == [[2, 12, 2, 3], [2, 5, 12], [2, 5, 6]])
    #expect(together.map(\.shape) == [[2, 12, 2, 3], [10, 12], [10, 6]])
    for (one, other) in zip(separate, together) { #expect(one.values == other.values) }
    let single = try evaluate(["image": tensor([1, 24, 2, 3]), "text": tensor([5, 24])])
    #expect(single[1].shape == [5, 12])
  }

  @Test(arguments: [
    (
      ["image": [2, 24, 2, 3], "text": [3, 5, 24]],
      "text: expected 2 along its first dimension, as `image` has, found 3"
    ),
    (["image": [2, 24, 2, 3], "text": [2, 5, 23]], "text: expected [2, 5, 24], found [2, 5, 23]"),
    (
      ["image": [2, 24, 2, 3], "text": [10, 24]],
      "sequences: no such tensor; give it as i32[T]: to which of the 2 entries each row belongs; or give text as [2,S,…]"
    ),
    (["image": [2, 24, 2, 3]], "text: no such tensor; give text f32[T,24]"),
    (["image": [2, 24, 2, 3], "text": [2, 0, 24]], "text: expected f32[T,24], found [2, 0, 24]"),
  ])
  func refuses(shapes: [String: [Int]], problem: String) throws {
    let error = #expect(throws: FileError.self) { try evaluate(shapes.mapValues(tensor)) }
    #expect(error?.description == "x: \(problem)", "\(String(describing: error))")
  }
}
