import ActFormats
import ActIR

/// A transport function that nobody thought of: `x + λ·g`, where g is a random graph of elementwise nodes, norms and
/// products with matrices over x, vectors, scalars, the strength, and masks known when the plan is compiled, when a dial
/// moves, or in the step.
///
/// Values stay finite: each carries a bound of its magnitude, and what would grow beyond it is squashed.
struct RandomTransport {
  private(set) var graph: Graph
  private(set) var parameters: [(name: String, shape: [Dim])] = []

  private struct Number {
    var id: ValueID
    var bound: Double
  }

  private var random: SplitMix64
  private var numbers: [Number] = []
  private var masks: [ValueID] = []
  private var next = 0

  private static let channels = TensorType(.f32, [.symbol("D")])
  private static let rows = TensorType(.f32, [.symbol("T"), .symbol("D")])
  /// A bound for the values of matrices, and what a symbol other than the channels stands for.
  static let (matrixBound, rank) = (0.05, 3)
  /// A bound for activations of the small checkpoints under maps.
  private static let activationBound = 50.0

  init(seed: UInt64) {
    graph = Graph(name: "random")
    random = SplitMix64(state: seed)
    let x = input("x", Self.rows)
    numbers.append(Number(id: x, bound: Self.activationBound))
    for index in 0..<Int.random(in: 1...4, using: &random) {
      // Norms take a value for each channel.
      let shape =
        index > 0 && chance(4)
        ? [] : index > 0 && chance(4) ? [.fixed(1), .symbol("D")] : Self.channels.shape
      numbers.append(Number(id: parameter("p\(index)", shape), bound: 2))
    }
    let strength = input("strength", TensorType(.f32, []))
    numbers.append(Number(id: strength, bound: 2))
    for value: Float in [0, 1, .random(in: -2...2, using: &random)] {
      numbers.append(Number(id: graph.append(.constant(value), name: name()), bound: 2))
    }
    for _ in 0..<Int.random(in: 4...24, using: &random) { grow() }
    finish(x, strength)
  }

  private mutating func parameter(_ name: String, _ shape: [Dim]) -> ValueID {
    parameters.append((name, shape))
    return input(name, TensorType(.f32, shape))
  }

  private mutating func input(_ name: String, _ type: TensorType) -> ValueID {
    graph.append(Node(.input(name: name), [], type, name: name))
  }

  private mutating func name() -> String {
    next += 1
    return "n\(next)"
  }

  private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

  /// A recent value more often than an old one, so that chains grow long.
  private mutating func number() -> Number {
    (chance(2) ? numbers.suffix(3) : numbers[...]).randomElement(using: &random)!
  }

  @discardableResult
  private mutating func add(_ op: Op, _ inputs: [ValueID], bound: Double) -> Number {
    var number = Number(id: graph.append(op, inputs, name: name()), bound: bound)
    if bound > 1000 { number = Number(id: graph.append(.unary(.tanh), number.id, name: name()), bound: 1) }
    numbers.append(number)
    return number
  }

  private mutating func grow() {
    switch Int.random(in: 0..<13, using: &random) {
    case 0, 1: growUnary()
    case 2, 3, 4: growBinary()
    case 5, 6: growMask()
    case 7, 8: growSelect()
    case 9: growAffine()
    case 10: growNorm()
    case 11: growProjection()
    default: growFused()
    }
  }

  private mutating func growUnary() {
    let a = number()
    switch UnaryFunction.prototypes.randomElement(using: &random)! {
    case .neg: add(.unary(.neg), [a.id], bound: a.bound)
    case .abs: add(.unary(.abs), [a.id], bound: a.bound)
    case .exp where a.bound <= 4: add(.unary(.exp), [a.id], bound: 60)
    case .exp, .tanh: add(.unary(.tanh), [a.id], bound: 1)
    case .log: add(.unary(.log), [aboveHalf(a).id], bound: 8)
    case .sqrt: add(.unary(.sqrt), [aboveHalf(a).id], bound: a.bound + 1)
    case .rsqrt: add(.unary(.rsqrt), [aboveHalf(a).id], bound: 2)
    case .sigmoid: add(.unary(.sigmoid), [a.id], bound: 1)
    case .silu: add(.unary(.silu), [a.id], bound: a.bound)
    case .gelu: add(.unary(.gelu), [a.id], bound: a.bound)
    case .geluTanh: add(.unary(.geluTanh), [a.id], bound: a.bound)
    case .sin: add(.unary(.sin), [a.id], bound: 1)
    case .cos: add(.unary(.cos), [a.id], bound: 1)
    case .not: growMask()
    case .leakyRelu: add(.unary(.leakyRelu(slope: 0.25)), [a.id], bound: a.bound)
    }
  }

  /// `|a| + 1/2`, of which quotients, roots and logarithms are tame.
  private mutating func aboveHalf(_ a: Number) -> Number {
    let half = graph.append(.constant(0.5), name: name())
    let magnitude = graph.append(.unary(.abs), a.id, name: name())
    return Number(id: graph.append(.binary(.add), magnitude, half, name: name()), bound: a.bound + 1)
  }

  private mutating func growBinary() {
    let (a, b) = (number(), number())
    switch Int.random(in: 0..<8, using: &random) {
    case 0: add(.binary(.add), [a.id, b.id], bound: a.bound + b.bound)
    case 1, 2: add(.binary(.sub), [a.id, b.id], bound: a.bound + b.bound)
    case 3: add(.binary(.mul), [a.id, b.id], bound: a.bound * b.bound)
    case 4: add(.binary(.div), [a.id, aboveHalf(b).id], bound: 2 * a.bound)
    // Where the angle does not jump.
    case 5: add(.binary(.atan2), [a.id, aboveHalf(b).id], bound: 2)
    case 6: add(.binary(.min), [a.id, b.id], bound: max(a.bound, b.bound))
    default: add(.binary(.max), [a.id, b.id], bound: max(a.bound, b.bound))
    }
  }

  private mutating func growMask() {
    if masks.count >= 2, chance(3) {
      let function = chance(2) ? BinaryFunction.and : .or
      let (a, b) = (masks.randomElement(using: &random)!, masks.randomElement(using: &random)!)
      masks.append(graph.append(.binary(function), a, b, name: name()))
      return
    }
    if let mask = masks.randomElement(using: &random), chance(4) {
      masks.append(graph.append(.unary(.not), mask, name: name()))
      return
    }
    let function = [BinaryFunction.lt, .le, .gt, .ge].randomElement(using: &random)!
    masks.append(graph.append(.binary(function), number().id, number().id, name: name()))
  }

  private mutating func mask() -> ValueID {
    if masks.isEmpty || chance(4) { growMask() }
    return masks.randomElement(using: &random)!
  }

  private mutating func growSelect() {
    let (a, b) = (number(), number())
    add(.select, [mask(), a.id, b.id], bound: max(a.bound, b.bound))
  }

  private mutating func growAffine() {
    let candidates = numbers.filter { graph.type($0.id) == Self.rows }
    let coefficients = numbers.filter { graph.type($0.id).rank < 2 }
    let x = candidates.randomElement(using: &random)!
    let (scale, shift) = (
      coefficients.randomElement(using: &random)!, coefficients.randomElement(using: &random)!
    )
    add(.affine, [x.id, scale.id, shift.id], bound: x.bound * scale.bound + shift.bound)
  }

  private mutating func growNorm() {
    let x = numbers.filter { graph.type($0.id) == Self.rows }.randomElement(using: &random)!
    let vectors = numbers.filter { graph.type($0.id) == Self.channels }
    let op = chance(2) ? Op.rmsNorm(eps: 1e-2) : .layerNorm(eps: 1e-2)
    let inputs = (0..<Int.random(in: 1...2, using: &random)).map { _ in
      vectors.randomElement(using: &random)!
    }
    add(op, [x.id] + inputs.map(\.id), bound: 30 * inputs.reduce(0) { $0 + $1.bound })
  }

  /// What lies along a direction, or in a subspace.
  private mutating func growProjection() {
    let x = numbers.filter { graph.type($0.id) == Self.rows }.randomElement(using: &random)!
    let isScore = chance(2)
    let size = isScore ? Dim.fixed(1) : .symbol("R\(parameters.count)")
    let v = parameter("v\(parameters.count)", [size, .symbol("D")])
    // The sums of up to 128 channels.
    let bound = x.bound * Self.matrixBound * 128
    if isScore {
      add(.linear, [x.id, v], bound: bound)
    } else {
      let u = parameter("u\(parameters.count)", [.symbol("D"), size])
      let coordinates = graph.append(.linear, x.id, v, name: name())
      add(.linear, [coordinates, u], bound: bound * Self.matrixBound * Double(Self.rank))
    }
  }

  /// A node that is fused already, as a function may have it.
  private mutating func growFused() {
    let (a, b, c) = (number(), number(), mask())
    let bodies = [
      "t0 = lt $0, $1; t1 = and t0, $2; select t1, $1, $0",
      "t0 = constant 0.5; t1 = mul $0, t0; t2 = max t1, $1; select $2, t2, $0",
    ]
    let text = bodies.randomElement(using: &random)!
    guard let body = try? Expression(parsing: text, inputCount: 3) else { preconditionFailure(text) }
    add(.fused(body), [a.id, b.id, c], bound: max(a.bound, b.bound))
  }

  /// Ends in a result that is x where the strength is 0, to the bit.
  private mutating func finish(_ x: ValueID, _ strength: ValueID) {
    let g = numbers.suffix(4).randomElement(using: &random)!
    // T(x) − x, as methods write it, or a shift.
    let shift = chance(2) ? g.id : graph.append(.binary(.sub), g.id, x, name: name())
    var part = graph.append(
      .binary(.mul), chance(2) ? [strength, shift] : [shift, strength], name: name())
    if !masks.isEmpty, chance(3) {
      let zero = graph.append(.constant(0), name: name())
      part = graph.append(.select, masks.randomElement(using: &random)!, part, zero, name: name())
    }
    var y = graph.append(.binary(.add), chance(2) ? [x, part] : [part, x], name: name())
    if !masks.isEmpty, chance(3) {
      y = graph.append(.select, masks.randomElement(using: &random)!, y, x, name: name())
    }
    graph.addResult("y", y)
  }
}
