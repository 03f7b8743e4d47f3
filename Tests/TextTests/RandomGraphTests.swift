import ActFormats
import ActIR
import ActPasses
import GraphReference
import Testing
import Workbench

/// Graphs that nobody thought of: whatever passes run on them, in whatever order, they compute the same.
@Suite struct RandomGraphTests {
  private static let options: PipelineOptions = {
    var options = PipelineOptions()
    options.weights = .bf16
    return options
  }()

  @Test(arguments: 0..<150 as Range<UInt64>) func pipelineKeepsValues(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    try check(pipeline(Self.options), on: RandomGraph(using: &random).graph)
  }

  @Test(arguments: 0..<150 as Range<UInt64>) func anyOrderOfPassesKeepsValues(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed &+ 1_000_000)
    let passes = (0..<8).map { _ in registeredPasses.randomElement(using: &random)!.make(Self.options) }
    try check(passes, on: RandomGraph(using: &random).graph)
  }

  private func check(_ passes: [GraphPass], on source: Graph) throws {
    try source.verify()
    let expected = ReferenceValues.results(of: source)
    var graph = source
    for pass in passes {
      let before = GraphSnapshot(graph)
      let changed = try pass.run(on: &graph)
      #expect(changed == (GraphSnapshot(graph) != before), "\(pass.name) is not honest\n\(source)")
      try graph.verify(after: pass.name)
      #expect(try Graph(parsing: graph.description).description == graph.description)
      let values = ReferenceValues.results(of: graph)
      let isSame = zip(values, expected).allSatisfy { $0.isClose(to: $1) }
      #expect(isSame, "\(pass.name) changed a result of\n\(source)\nin\n\(graph)")
      if !isSame { return }
    }
  }
}

/// A graph of norms, linear layers, maps and elementwise nodes over `f32[T,8]` and vectors `f32[8]`.
private struct RandomGraph {
  var graph = Graph(name: "random")
  private var rows: [ValueID] = []
  private var masks: [ValueID] = []
  /// Vectors and scalars: constants, weights, dials, and arithmetic on them.
  private var coefficients: [ValueID] = []
  private var matrices: [ValueID] = []
  private var next = 0

  init(using random: inout SplitMix64) {
    let wide = TensorType(.f32, [.symbol("T"), .fixed(8)])
    rows = ["x", "r"].map { graph.append(Node(.input(name: $0), [], wide, name: $0)) }
    for index in 0..<3 {
      coefficients.append(weight("v\(index)", [.fixed(8)]))
      matrices.append(weight("w\(index)", [.fixed(8), .fixed(8)]))
    }
    coefficients += [0, 1, 0.5].map { graph.append(.constant($0), name: "c") }
    coefficients.append(graph.append(.dial(name: "m"), name: "m"))
    for _ in 0..<24 { grow(using: &random) }
    for index in 0..<2 { graph.addResult("y\(index)", rows.suffix(6).randomElement(using: &random)!) }
  }

  private mutating func weight(_ name: String, _ shape: [Dim]) -> ValueID {
    graph.append(Node(.weight(name: name), [], TensorType(.f32, shape), name: name))
  }

  private mutating func name() -> String {
    next += 1
    return "n\(next)"
  }

  /// A recent value more often than an old one, so that chains grow long.
  private func row(_ random: inout SplitMix64) -> ValueID {
    (Bool.random(using: &random) ? rows.suffix(2) : rows[...]).randomElement(using: &random)!
  }

  private mutating func grow(using random: inout SplitMix64) {
    let (name, x) = (name(), row(&random))
    let site = Int.random(in: 0..<4, using: &random) == 0 ? "site.\(name)" : nil
    let coefficient = coefficients.randomElement(using: &random)!
    let arithmetic = [BinaryFunction.add, .sub, .mul].randomElement(using: &random)!
    switch Int.random(in: 0..<13, using: &random) {
    case 0: rows.append(graph.append(.unary(.silu), x, name: name, site: site))
    case 1: rows.append(graph.append(.unary(.neg), x, name: name, site: site))
    case 2: rows.append(graph.append(.binary(arithmetic), x, row(&random), name: name, site: site))
    case 3, 4: rows.append(graph.append(.binary(arithmetic), x, coefficient, name: name, site: site))
    case 5: rows.append(graph.append(.binary(arithmetic), coefficient, x, name: name, site: site))
    case 6:
      let shift = coefficients.randomElement(using: &random)!
      rows.append(graph.append(.affine, x, coefficient, shift, name: name, site: site))
    case 7:
      let vectors = coefficients.filter { graph.type($0).rank == 1 }
      let count = Int.random(in: 1...2, using: &random)
      let op = Bool.random(using: &random) ? Op.rmsNorm(eps: 1e-5) : .layerNorm(eps: 1e-5)
      let inputs = [x] + (0..<count).map { _ in vectors.randomElement(using: &random)! }
      rows.append(graph.append(op, inputs, name: name, site: site))
    case 8:
      let vectors = coefficients.filter { graph.type($0).rank == 1 }
      var inputs = [x, matrices.randomElement(using: &random)!]
      if Bool.random(using: &random) { inputs.append(vectors.randomElement(using: &random)!) }
      rows.append(graph.append(.linear, inputs, name: name, site: site))
    case 9, 10:
      growMask(x, coefficient, name: "\(name).mask", using: &random)
      let mask = masks.randomElement(using: &random)!
      rows.append(graph.append(.select, mask, x, row(&random), name: name, site: site))
    case 11: rows.append(experts(x, name, site, using: &random))
    default:
      let other = coefficients.randomElement(using: &random)!
      coefficients.append(graph.append(.binary(arithmetic), coefficient, other, name: name))
    }
  }

  /// Each row through two of three matrices, which a linear layer or the row itself chooses.
  private mutating func experts(
    _ x: ValueID, _ name: String, _ site: String?, using random: inout SplitMix64
  ) -> ValueID {
    let isRouted = Bool.random(using: &random)
    let scores = isRouted ? graph.append(.linear, x, matrices[0], name: "\(name).router") : row(&random)
    let some = graph.append(.slice(start: 1, count: 3), scores, name: "\(name).scores")
    let shares = graph.append(.softmax, some, name: "\(name).shares")
    let chosen = graph.append(.choose(count: 2), shares, name: "\(name).chosen")
    let weights = graph.append(.takeChannels, shares, chosen, name: "\(name).weights")
    let w = graph.append(.stack, matrices, name: "\(name).w")
    let products = graph.append(.expertLinear, x, w, chosen, name: "\(name).products")
    return graph.append(.weightedSum, products, weights, name: name, site: site)
  }

  /// A mask of the step, one known before it, or two masks in one.
  private mutating func growMask(
    _ x: ValueID, _ coefficient: ValueID, name: String, using random: inout SplitMix64
  ) {
    switch Int.random(in: 0..<3, using: &random) {
    case 0: masks.append(graph.append(.binary(.lt), x, coefficient, name: name))
    case 1:
      let other = coefficients.randomElement(using: &random)!
      masks.append(graph.append(.binary(.ge), coefficient, other, name: name))
    default:
      let operands = (0..<2).compactMap { _ in masks.randomElement(using: &random) }
      let connective = BinaryFunction.allCases.filter(\.isConnective).randomElement(using: &random)!
      masks.append(
        operands.count == 2
          ? graph.append(.binary(connective), operands, name: name)
          : graph.append(.binary(.lt), x, coefficient, name: name))
    }
  }
}
