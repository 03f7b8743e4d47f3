/// Why operands do not fit an op: what it expected, and what it found.
public struct TypeMismatch: Error, Hashable {
  /// What the op takes.
  public var expected: String
  /// The types of the operands.
  public var found: String
}

/// The types of a node's operands, and the checks that type rules share.
struct Operands {
  let types: [TensorType]

  init(_ types: [TensorType]) { self.types = types }

  subscript(index: Int) -> TensorType { types[index] }

  var count: Int { types.count }

  func mismatch(_ expected: String) -> TypeMismatch {
    TypeMismatch(expected: expected, found: types.map(\.description).joined(separator: ", "))
  }

  func expect(_ count: Int) throws(TypeMismatch) { try expect(count...count) }

  func expect(_ range: ClosedRange<Int>) throws(TypeMismatch) {
    guard !range.contains(count) else { return }
    let joint = range.count == 2 ? "or" : "to"
    let bounds = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) \(joint) \(range.upperBound)"
    throw TypeMismatch(expected: "\(bounds) operands", found: "\(count)")
  }

  @discardableResult
  func float(_ index: Int) throws(TypeMismatch) -> TensorType {
    guard types[index].dtype == .f32 else { throw mismatch("operand \(index) of f32") }
    return types[index]
  }

  /// Rows of channels in f32: anything but a scalar.
  func rows(_ index: Int) throws(TypeMismatch) -> (type: TensorType, leading: [Dim], channels: Dim) {
    let type = try float(index)
    guard let channels = type.shape.last else { throw mismatch("operand \(index) of rows of channels") }
    return (type, type.shape.dropLast(), channels)
  }

  /// Whole numbers, such as the indices of rows.
  func integers(_ index: Int, _ what: String) throws(TypeMismatch) -> TensorType {
    guard types[index].dtype == .i32, types[index].rank >= 1 else { throw mismatch("\(what) of i32") }
    return types[index]
  }

  func matrix(_ index: Int) throws(TypeMismatch) -> TensorType {
    let type = types[index]
    guard type.dtype.isFloat, type.rank == 2, type.fixedCount != nil else {
      throw mismatch("operand \(index) a matrix of fixed sizes")
    }
    return type
  }

  /// A matrix as linear layers and embeddings read it, packed or not.
  ///
  /// In a transport function its sizes may be symbols, which stand for those at a site.
  func layer(_ index: Int) throws(TypeMismatch) -> TensorType {
    let type = types[index]
    guard type.dtype.isFloat || type.dtype.packedFormat != nil, type.rank == 2 else {
      throw mismatch("operand \(index) a matrix")
    }
    return type
  }

  func vector(_ index: Int, _ size: Dim, _ what: String) throws(TypeMismatch) {
    guard types[index] == TensorType(.f32, [size]) else {
      throw mismatch("\(what) of \(TensorType(.f32, [size]))")
    }
  }

  /// Checks a body whose inputs are these operands, numbers in f32 or masks.
  func body(_ body: Expression, over operands: [Int]) throws(TypeMismatch) {
    for index in operands where types[index].dtype != .bool { try float(index) }
    if let problem = body.problem(inputIsMask: operands.map { types[$0].dtype == .bool }) {
      throw TypeMismatch(expected: problem.expected, found: problem.found)
    }
  }

  /// The common shape of these operands, as NumPy finds it.
  func broadcast(_ indices: some Sequence<Int>) throws(TypeMismatch) -> [Dim] {
    let shapes = indices.map { types[$0].shape }
    guard let shape = [Dim].broadcast(shapes) else {
      throw mismatch("shapes that are equal where neither is 1, from the last axis on")
    }
    guard shapes.allSatisfy({ RowPattern.isWithin($0, shape) }) else {
      throw mismatch("operands that are repeated along their first or their last axes only")
    }
    return shape
  }

  /// Checks that an operand of f32 repeats to `shape`.
  func repeats(_ index: Int, to shape: [Dim], _ what: String) throws(TypeMismatch) {
    let own = types[index].shape
    guard types[index].dtype == .f32, [Dim].broadcast([own, shape]) == shape, RowPattern.isWithin(own, shape)
    else { throw mismatch("\(what) that repeats to \(TensorType(.f32, shape))") }
  }
}
