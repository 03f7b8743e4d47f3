/// Why operands do not fit an op: what it expected, and what it found.
public struct TypeMismatch: Error, Hashable {
  /// What the op takes.
  public var expected: String
  /// The types of the operands.
  public var found: String
}

extension Op {
  /// The result type that the op gives for operands of these types; nil for leaves, whose type is declared.
  public func resultType(of inputs: [TensorType]) throws(TypeMismatch) -> TensorType? {
    let check = OperandCheck(inputs)
    switch self {
    case .input, .weight, .mapParameter:
      try check.count(0)
      return nil
    case .constant, .dial:
      try check.count(0)
      return TensorType(.f32, [])
    case .unary(let function):
      try check.count(1)
      if function == .not {
        guard inputs[0].dtype == .bool else { throw check.mismatch("a bool operand") }
        return inputs[0]
      }
      return try check.float(0)
    case .binary(let function):
      try check.count(2)
      if function.isConnective {
        guard inputs.allSatisfy({ $0.dtype == .bool }) else { throw check.mismatch("bool operands") }
        return TensorType(.bool, try check.broadcast([0, 1]))
      }
      _ = (try check.float(0), try check.float(1))
      return TensorType(function.isComparison ? .bool : .f32, try check.broadcast([0, 1]))
    case .select:
      try check.count(3)
      guard inputs[0].dtype == .bool else { throw check.mismatch("a bool condition") }
      _ = (try check.float(1), try check.float(2))
      return TensorType(.f32, try check.broadcast([0, 1, 2]))
    case .affine:
      try check.count(3)
      let x = try check.float(0, rank: 2)
      for index in [1, 2] where try check.float(index).shape != [x.shape[1]] && inputs[index].rank != 0 {
        throw check.mismatch("scale and shift of \(TensorType(.f32, [x.shape[1]])) or f32[]")
      }
      return x
    case .fused(let body):
      guard inputs.count == body.inputCount, inputs.count > 0 else {
        throw check.mismatch("\(max(1, body.inputCount)) operands, as the body reads")
      }
      try check.body(body, over: Array(inputs.indices))
      return TensorType(.f32, try check.broadcast(Array(inputs.indices)))
    case .linear:
      try check.count(2...3)
      let (x, w) = (try check.float(0, rank: 2), try check.layer(1))
      try check.same(x.shape[1], w.shape[1], "x [T,K] and w [N,K] with one K")
      if inputs.count == 3 { try check.vector(2, w.shape[0], "a bias") }
      return TensorType(.f32, [x.shape[0], w.shape[0]])
    case .linearEpilogue(let body):
      guard inputs.count == body.inputCount + 1, inputs.count >= 2 else {
        throw check.mismatch("\(max(2, body.inputCount + 1)) operands, as the body reads")
      }
      let (x, w) = (try check.float(0, rank: 2), try check.layer(1))
      try check.same(x.shape[1], w.shape[1], "x [T,K] and w [N,K] with one K")
      // The product, which is a number as x is, stands for x and w.
      try check.body(body, over: [0] + inputs.indices.dropFirst(2))
      let result = TensorType(.f32, [x.shape[0], w.shape[0]])
      for index in inputs.indices.dropFirst(2) {
        let shape = inputs[index].shape
        guard shape.isEmpty || shape == [w.shape[0]] || shape == result.shape else {
          throw check.mismatch("epilogue operands shaped as \(result), [N] or []")
        }
      }
      return result
    case .rmsNorm, .layerNorm:
      try check.count(2...3)
      let x = try check.float(0, rank: 2)
      for index in inputs.indices.dropFirst() {
        try check.vector(index, x.shape[1], index == 1 ? "a gain" : "a bias")
      }
      return x
    case .ropeTable(let rope):
      try check.count(1)
      guard inputs[0].dtype == .i32, inputs[0].rank == 1 else { throw check.mismatch("positions i32[T]") }
      guard rope.width > 0, rope.width % 2 == 0 else { throw check.mismatch("an even width above 0") }
      return TensorType(.f32, [inputs[0].shape[0], .fixed(rope.width)])
    case .rope(let headWidth):
      try check.count(2)
      let (x, table) = (try check.float(0, rank: 2), try check.float(1, rank: 2))
      try check.same(x.shape[0], table.shape[0], "x and table with the same rows")
      guard headWidth > 0, let width = x.shape[1].fixed, width % headWidth == 0,
        let rotated = table.shape[1].fixed,
        rotated <= headWidth
      else { throw check.mismatch("x of whole heads, each \(headWidth) wide, and a table no wider") }
      return x
    case .attention(let attention):
      try check.count(3)
      let (q, k, v) = (try check.float(0, rank: 2), try check.float(1, rank: 2), try check.float(2, rank: 2))
      guard attention.headWidth > 0, attention.keyValueHeads > 0,
        attention.heads % attention.keyValueHeads == 0, k == v, q.shape[0] == k.shape[0],
        q.shape[1].fixed == attention.heads * attention.headWidth,
        k.shape[1].fixed == attention.keyValueHeads * attention.headWidth
      else {
        throw check.mismatch(
          "q [T,\(attention.heads)·\(attention.headWidth)], k and v [T,\(attention.keyValueHeads)·\(attention.headWidth)]"
        )
      }
      return q
    case .embedding:
      try check.count(2)
      let table = try check.layer(0)
      guard inputs[1].dtype == .i32, inputs[1].rank == 1 else { throw check.mismatch("tokens i32[T]") }
      return TensorType(.f32, [inputs[1].shape[0], table.shape[1]])
    case .takeRows:
      try check.count(2)
      let x = try check.float(0, rank: 2)
      guard inputs[1].dtype == .i32, inputs[1].rank == 1 else { throw check.mismatch("rows i32[R]") }
      return TensorType(.f32, [inputs[1].shape[0], x.shape[1]])
    case .slice(let start, let count):
      try check.count(1)
      let x = try check.float(0, rank: 2)
      guard let width = x.shape[1].fixed, count > 0, start <= width, count <= width - start else {
        throw check.mismatch("columns \(start) ..< \(start) + \(count) inside x")
      }
      return TensorType(.f32, [x.shape[0], .fixed(count)])
    case .scaleRows, .scaleColumns:
      try check.count(2)
      let w = try check.matrix(0)
      try check.vector(1, w.shape[self == .scaleRows ? 0 : 1], "a factor")
      return TensorType(.f32, w.shape)
    case .matvec:
      try check.count(2)
      let w = try check.matrix(0)
      try check.vector(1, w.shape[1], "a vector")
      return TensorType(.f32, [w.shape[0]])
    case .concat:
      guard let first = inputs.first, first.rank >= 1 else { throw check.mismatch("at least one operand") }
      var rows = 0
      for input in inputs {
        guard input.dtype == first.dtype, input.dtype.packedFormat == nil,
          input.shape.dropFirst() == first.shape.dropFirst(),
          let count = input.shape.first?.fixed
        else { throw check.mismatch("operands alike but for the first axis, of fixed sizes") }
        let (sum, overflow) = rows.addingReportingOverflow(count)
        guard !overflow else { throw check.mismatch("a total that fits") }
        rows = sum
      }
      return TensorType(first.dtype, [.fixed(rows)] + first.shape.dropFirst())
    case .cast(let dtype):
      try check.count(1)
      guard inputs[0].dtype.isFloat, dtype.isFloat else { throw check.mismatch("floating-point types") }
      return TensorType(dtype, inputs[0].shape)
    case .pack(let dtype):
      try check.count(1)
      guard dtype.packedFormat != nil else {
        throw TypeMismatch(expected: "a packed type as the result", found: dtype.rawValue)
      }
      return TensorType(dtype, try check.matrix(0).shape)
    }
  }

  /// Whether the op works element by element, so that it may join a fused body.
  public var isElementwise: Bool {
    switch self {
    case .unary, .binary, .select, .affine, .fused: true
    default: false
    }
  }
}

private struct OperandCheck {
  let inputs: [TensorType]

  init(_ inputs: [TensorType]) { self.inputs = inputs }

  func mismatch(_ expected: String) -> TypeMismatch {
    TypeMismatch(expected: expected, found: inputs.map(\.description).joined(separator: ", "))
  }

  func count(_ expected: Int) throws(TypeMismatch) { try count(expected...expected) }

  func count(_ expected: ClosedRange<Int>) throws(TypeMismatch) {
    guard !expected.contains(inputs.count) else { return }
    let range =
      expected.count == 1 ? "\(expected.lowerBound)" : "\(expected.lowerBound) or \(expected.upperBound)"
    throw TypeMismatch(expected: "\(range) operands", found: "\(inputs.count)")
  }

  @discardableResult
  func float(_ index: Int, rank: Int? = nil) throws(TypeMismatch) -> TensorType {
    let input = inputs[index]
    guard input.dtype == .f32, rank == nil || input.rank == rank else {
      throw mismatch("operand \(index) of f32" + (rank.map { " and rank \($0)" } ?? ""))
    }
    return input
  }

  func matrix(_ index: Int) throws(TypeMismatch) -> TensorType {
    let input = inputs[index]
    guard input.dtype.isFloat, input.rank == 2, input.shape.allSatisfy({ $0.fixed != nil }) else {
      throw mismatch("operand \(index) a matrix of fixed sizes")
    }
    return input
  }

  /// A matrix as linear layers and embeddings read it, packed or not.
  func layer(_ index: Int) throws(TypeMismatch) -> TensorType {
    let input = inputs[index]
    guard input.dtype.packedFormat != nil, input.rank == 2, input.shape.allSatisfy({ $0.fixed != nil }) else {
      return try matrix(index)
    }
    return input
  }

  func vector(_ index: Int, _ size: Dim, _ what: String) throws(TypeMismatch) {
    guard inputs[index] == TensorType(.f32, [size]) else {
      throw mismatch("\(what) of \(TensorType(.f32, [size]))")
    }
  }

  /// Checks a body whose inputs are these operands, numbers in f32 or masks.
  func body(_ body: Expression, over operands: [Int]) throws(TypeMismatch) {
    for index in operands where inputs[index].dtype != .bool { try float(index) }
    if let problem = body.problem(inputIsMask: operands.map { inputs[$0].dtype == .bool }) {
      throw TypeMismatch(expected: problem.expected, found: problem.found)
    }
  }

  func same(_ a: Dim, _ b: Dim, _ what: String) throws(TypeMismatch) {
    if a != b { throw mismatch(what) }
  }

  /// The common shape: the longest, of which every other is a suffix.
  func broadcast(_ indices: [Int]) throws(TypeMismatch) -> [Dim] {
    let shapes = indices.map { inputs[$0].shape }
    let widest = shapes.max { $0.count < $1.count }!
    guard shapes.allSatisfy({ Array(widest.suffix($0.count)) == $0 }) else {
      throw mismatch("shapes that are equal or a suffix of the widest")
    }
    return widest
  }
}
