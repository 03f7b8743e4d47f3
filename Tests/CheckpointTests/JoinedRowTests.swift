import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime
import GraphReference
import ModelChecks
import Testing

/// Rows of text and of images, each entry with numbers of its own, side by side and joined.
@Suite struct JoinedRowTests {
  private static let width = 12

  /// Values by the name of their input, and how many rows each entry has.
  private struct Call {
    var sizes: [EntrySize]
    var values: [String: [Float]] = [:]

    init(using random: inout SplitMix64) {
      sizes = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        EntrySize(text: .random(in: 1...70, using: &random), image: .random(in: 1...70, using: &random))
      }
      for (name, count) in [
        ("text", sizes.count("T")), ("image", sizes.count("P")), ("patches", sizes.count * 5),
        ("embedding", sizes.count),
      ] {
        values[name] = (0..<count * JoinedRowTests.width).map { _ in .random(in: -2...2, using: &random) }
      }
    }

    /// The rows of an input that belong to entries, in this order.
    func rows(_ name: String, _ order: [Int]) -> [Float] {
      func count(_ size: EntrySize) -> Int {
        ["text": size.text, "image": size.image, "patches": 5][name] ?? 1
      }
      return order.flatMap { entry in
        let first = sizes[..<entry].reduce(0) { $0 + count($1) } * JoinedRowTests.width
        return values[name]![first..<first + count(sizes[entry]) * JoinedRowTests.width]
      }
    }

    /// The entry of each of the rows that a symbol counts, and its position there.
    func places(_ symbol: String) -> [(entry: Int, position: Int)] {
      sizes.enumerated().flatMap { entry, size in (0..<size.count(symbol)).map { (entry, $0) } }
    }
  }

  /// Rows joined with those of `image`, which `kind` counts.
  private func graph(_ image: String, _ kind: String) throws -> Graph {
    let joined = kind == "P" ? "T+P" : "T+5"
    let own = kind == "P" ? "P" : "B,5"
    let scale =
      kind == "P" ? "take_rows %embedding, %of_image : f32[P,12]" : "reshape %embedding : f32[B,1,12]"
    return try Graph(
      parsing: """
        graph @joined(%text: f32[T,12], %\(image): f32[\(own),12], %embedding: f32[B,12], %of_text: i32[T] {role = entry}, \
        %of_image: i32[P] {role = entry}, %of_both: i32[\(joined)] {role = entry}, %places: i32[\(joined)] {role = position}) {
          %both = join_rows %text, %\(image) : f32[\(joined),12]
          %scale = take_rows %embedding, %of_both : f32[\(joined),12]
          %n = layer_norm %both, %scale, %scale {eps = 1e-05} : f32[\(joined),12]
          %table = rope_table %places {width = 4, base = 100.0} : f32[\(joined),4]
          %q = rope %n, %table {head_width = 4, pairs = interleaved} : f32[\(joined),12]
          %kv = kv_pack %q, %both : kvf32[\(joined),3,4]
          %all = attention %q, %kv {scale = 0.5, visible = all} : f32[\(joined),12]
          %near = attention %q, %kv {scale = 0.5, window = 3} : f32[\(joined),12]
          %t = part_rows %all : f32[T,12]
          %of = take_rows %embedding, %of_text : f32[T,12]
          %moved = mul %t, %of : f32[T,12]
          %x = add %moved, %text : f32[T,12]
          %i = part_rows %near : f32[\(own),12]
          %gate = \(scale)
          %gated = mul %i, %gate : f32[\(own),12]
          %y = add %gated, %\(image) : f32[\(own),12]
          %words = kv_pack %text, %x : kvf32[T,3,4]
          %z = attention %y, %words {scale = 0.5, visible = all} : f32[\(own),12]
          %copied = reshape %of : f32[T,3,4]
          return %x, %y, %z, %copied
        }
        """)
  }

  /// The results of a call of entries in this order.
  private func run(_ engine: Engine, _ call: Call, _ order: [Int]) throws -> [[Float]] {
    for name in call.values.keys {
      guard let input = engine.input(name) else { continue }
      let rows = call.rows(name, order)
      input.update(from: rows, count: rows.count)
    }
    try engine.step(entries: order.map { call.sizes[$0] }, slots: order.map { _ in 0 })
    return engine.plan.results.map { result in
      let type = engine.plan.values[result.value].type
      guard case .symbol(let symbol)? = type.shape.first else { return [] }
      let count = order.map { call.sizes[$0] }.count(symbol) * type.elementsPerSymbol!
      return Array(UnsafeBufferPointer(start: engine.result(result.name)!, count: count))
    }
  }

  private func engine(_ graph: Graph, fuses: Bool = true) throws -> Engine {
    var options = CompileOptions()
    options.fuses = fuses
    return try Model(fixture("tiny-t5")).compile(graph, MapSet(), options).makeEngine(threads: 2)
  }

  @Test(arguments: 0..<12 as Range<UInt64>, [("image", "P"), ("patches", "B")])
  func computeWhatTheirGraphSays(seed: UInt64, image: (name: String, symbol: String)) throws {
    var random = SplitMix64(state: seed)
    let call = Call(using: &random)
    let graph = try graph(image.name, image.symbol)
    let sizes = ["T": call.sizes.map(\.text), "P": call.sizes.map(\.image)]
    let reference = ReferenceValues(graph, rowsOfEntries: sizes) { op in
      guard case .input(let name, _, _) = op else { return nil }
      switch name {
      case "of_text": return call.places("T").map { Double($0.entry) }
      case "of_image": return call.places("P").map { Double($0.entry) }
      case "of_both": return call.places(image.symbol == "P" ? "T+P" : "T+5").map { Double($0.entry) }
      case "places": return call.places(image.symbol == "P" ? "T+P" : "T+5").map { Double($0.position) }
      default: return call.values[name]?.map(Double.init)
      }
    }
    for fuses in [false, true] {
      let results = try run(engine(graph, fuses: fuses), call, Array(call.sizes.indices))
      for (result, expected) in zip(results, reference.results) {
        let deviation = Deviation(result, from: expected.data.map { Float($0) })
        #expect(deviation.normalizedSquaredError <= 1e-10, "fused: \(fuses)")
      }
    }
  }

  @Test(arguments: 20..<26 as Range<UInt64>, [("image", "P"), ("patches", "B")])
  func othersDoNotMatter(seed: UInt64, image: (name: String, symbol: String)) throws {
    var random = SplitMix64(state: seed)
    let call = Call(using: &random)
    let engine = try engine(graph(image.name, image.symbol))
    let alone = try call.sizes.indices.map { try run(engine, call, [$0]) }
    let order = (0..<3).map { _ in Int.random(in: 0..<call.sizes.count, using: &random) }
    for (index, result) in try run(engine, call, order).enumerated() {
      #expect(sameBits(result, order.flatMap { alone[$0][index] }), "\(index) of \(order)")
    }
  }

  /// What entries have a row each of is copied only for readers that need a row of their own.
  @Test func rowsOfEntriesAreNotCopied() throws {
    let plan = try engine(graph("image", "P")).plan
    let taken = plan.values.filter { if case .takeRows = $0.op { true } else { false } }
    #expect(taken.count == 3 && taken.count { $0.place == .view } == 2, "\(plan)")
  }

  @Test func tooManyRowsAreRefused() throws {
    let engine = try engine(graph("image", "P"))
    for size in [EntrySize(text: 0, image: 1), EntrySize(text: 1), EntrySize(text: 1, image: 4097)] {
      #expect(throws: EngineError.self) { try engine.step(entries: [size], slots: [0]) }
    }
  }
}
