import ActCompile
import ActConvert
import ActFormats
import ActIR
import ActPasses
import ActStatistics
import GraphReference
import ModelChecks
import Testing

/// What transports come to at a strength, against their functions evaluated in double.
@Suite struct AffineFunctionTests {
  private let model: Model
  private static let site = "model.layers.1.self_attn.o_proj"

  init() throws { model = try Model(fixture("tiny-plain")) }

  private func frozen(_ map: MapFile, _ strength: Float) throws -> FrozenMap {
    try FrozenMap(map, path: "the map", model: model, strength: strength)
  }

  /// The largest error over some rows, over the size of what is expected.
  private func error(of map: MapFile, _ strength: Float) throws -> Double {
    let site = map.sites[0]
    let transport = try frozen(map, strength).transport(at: site)
    var random = SplitMix64(state: 3)
    let rows = (0..<3 * site.width).map { _ in Double.random(in: -2...2, using: &random) }
    let values = ReferenceValues(
      try Graph(parsing: map.transport),
      sizes: try sizes(map, site)
    ) { op in
      guard case .input(let name, _, _) = op else { return nil }
      if name == "strength" { return [Double(strength)] }
      return name == "x" ? rows : site.parameters[name]!.values.map(Double.init)
    }
    let expected = values.results[0].data
    let scale = expected.reduce(1e-6) { max($0, $1.magnitude) }
    var largest = 0.0
    for row in 0..<3 {
      let x = Array(rows[row * site.width..<(row + 1) * site.width])
      for (channel, value) in transport.value(of: x).enumerated() {
        largest = max(largest, (value - expected[row * site.width + channel]).magnitude / scale)
      }
    }
    return largest
  }

  /// What the function's symbols stand for.
  private func sizes(_ map: MapFile, _ site: MapFile.Site) throws -> [String: Int] {
    let function = try Graph(parsing: map.transport)
    var sizes = ["T": 3, "D": site.width]
    for id in function.inputs {
      guard let parameter = site.parameters[function[id].name] else { continue }
      for case (.symbol(let name), let size) in zip(function.type(id).shape, parameter.shape) {
        sizes[name] = size
      }
    }
    return sizes
  }

  /// Every method whose form is affine, at any strength.
  @Test(arguments: affineMethods)
  func equalFunctions(method: SteeringMethod) throws {
    let map = try model.fitRandomMap(method, at: "re:" + Self.site)
    for strength: Float in [0, 0.3, 1, -1.5] {
      #expect(try error(of: map, strength) < 1e-6, "\(strength)")
    }
  }

  /// Forms of all kinds: vectors, single numbers, outer products, cancelled terms, matrices after each other.
  @Test(arguments: [
    """
    graph @mixed_order(%x: f32[T,D], %v: f32[D], %s: f32[], %strength: f32[]) {
      %a = mul %x, %v : f32[T,D]
      %b = sub %s, %a : f32[T,D]
      %y = affine %b, %strength, %v : f32[T,D]
      return %y
    }
    """,
    """
    graph @thin(%x: f32[T,D], %V: f32[K,D], %U: f32[D,K], %s: f32[], %strength: f32[]) {
      %l = linear %x, %V : f32[T,K]
      %n = neg %l : f32[T,K]
      %d = div %n, %s : f32[T,K]
      %u = linear %d, %U : f32[T,D]
      %k = mul %u, %strength : f32[T,D]
      %y = add %k, %x : f32[T,D]
      return %y
    }
    """,
    """
    graph @outer(%x: f32[T,D], %o: f32[1,D], %v: f32[D], %s: f32[], %strength: f32[]) {
      %l = linear %x, %o : f32[T,1]
      %p = add %l, %v : f32[T,D]
      %q = mul %p, %strength : f32[T,D]
      %y = add %q, %s : f32[T,D]
      return %y
    }
    """,
    """
    graph @dense_twice(%x: f32[T,D], %Q: f32[D,D], %v: f32[D], %strength: f32[]) {
      %a = linear %x, %Q : f32[T,D]
      %b = linear %a, %Q, %v : f32[T,D]
      %c = add %b, %a : f32[T,D]
      %d = add %c, %c : f32[T,D]
      %y = mul %d, %strength : f32[T,D]
      return %y
    }
    """,
    """
    graph @biased(%x: f32[T,D], %V: f32[K,D], %t: f32[K], %U: f32[D,K], %v: f32[D], %strength: f32[]) {
      %a = linear %x, %V, %t : f32[T,K]
      %b = linear %a, %U, %v : f32[T,D]
      %c = mul %strength, %b : f32[T,D]
      %y = sub %c, %x : f32[T,D]
      return %y
    }
    """,
    """
    graph @nothing_of_x(%x: f32[T,D], %v: f32[D], %strength: f32[]) {
      %a = sub %x, %x : f32[T,D]
      %b = mul %v, %strength : f32[D]
      %y = add %a, %b : f32[T,D]
      return %y
    }
    """,
  ])
  func forms(transport: String) throws {
    var map = try model.fitRandomMap(meanAct, at: "re:" + Self.site)
    let function = try Graph(parsing: transport)
    let parameters = function.inputs.filter { !["x", "strength"].contains(function[$0].name) }
    var random = SplitMix64(state: 7)
    map.transport = transport
    map.score = nil
    map.parameterNames = parameters.map { function[$0].name }
    map.sites[0].parameters = Dictionary(
      uniqueKeysWithValues: parameters.map { id in
        let shape = function.type(id).shape.map { $0.fixed ?? ($0 == .symbol("D") ? map.sites[0].width : 3) }
        let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: 0.1...0.9, using: &random) }
        return (function[id].name, MapParameter(values, shape: shape))
      })
    for strength: Float in [0, 0.7] { #expect(try error(of: map, strength) < 2e-6, "\(strength)") }
  }

  /// What is not affine is refused, with the op at fault.
  @Test func gates() throws {
    let map = try model.fitRandomMap(
      meanAct, at: "re:" + Self.site, support: .quantiles(lower: 0, upper: 100))
    let error = #expect(throws: FileError.self) { try self.frozen(map, 0.5).transport(at: map.sites[0]) }
    #expect(error?.isUnsupported == true)
    #expect(
      error.map { "\($0)" }?.contains("\(Self.site): expected x·scale + U (V x) + shift, found `select`")
        == true)
  }

  /// A rank stays apart, and what has none is a scale.
  @Test func ranks() throws {
    for (method, rank) in [
      (meanAct, 0), (linearAct, 0), (ablation, 1), (leace, 1), (lowRankOT, 8), (conceptor, 32),
    ] {
      let map = try model.fitRandomMap(method, at: "re:" + Self.site)
      #expect(try frozen(map, 0.5).transport(at: map.sites[0]).rank == rank, "\(method)")
    }
  }
}

extension AffineFunction {
  /// y for a row.
  fileprivate func value(of x: [Double]) -> [Double] {
    var y = shift
    for channel in y.indices { y[channel] += (scale?[channel] ?? 0) * x[channel] }
    for product in products {
      var part = product.right.product(transposed: Matrix(rows: 1, columns: x.count, x))
      if let left = product.left { part = left.product(part) }
      for channel in y.indices { y[channel] += part.values[channel] }
    }
    return y
  }
}
