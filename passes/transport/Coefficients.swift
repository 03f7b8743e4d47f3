import ActIR

/// Arithmetic on scales and shifts, on paper first, so that forms that come to nothing leave nothing in the graph.
///
/// Equal parts are shared, so that a form takes no more than its tree.
struct Coefficients {
  typealias Index = Int

  private enum Term {
    case constant(Float)
    case value(ValueID)
    case neg(Index)
    case binary(BinaryFunction, Index, Index)
  }

  private var terms: [(term: Term, type: TensorType, time: BindingTime)] = []
  private var materialized: [Index: ValueID] = [:]

  private mutating func add(_ term: Term, _ type: TensorType, _ time: BindingTime) -> Index {
    terms.append((term, type, time))
    return terms.count - 1
  }

  mutating func constant(_ value: Float) -> Index { add(.constant(value), TensorType(.f32, []), .compile) }

  mutating func value(_ id: ValueID, _ type: TensorType, _ time: BindingTime) -> Index {
    add(.value(id), type, time)
  }

  private mutating func neg(_ a: Index) -> Index { add(.neg(a), terms[a].type, terms[a].time) }

  private mutating func binary(_ function: BinaryFunction, _ a: Index, _ b: Index) -> Index {
    // Both are operands of the same rows, so that they repeat to one shape.
    let shape = [Dim].broadcast([terms[a].type.shape, terms[b].type.shape])!
    return add(.binary(function, a, b), TensorType(.f32, shape), max(terms[a].time, terms[b].time))
  }

  /// What a fold must know of a term.
  subscript(index: Index) -> AffineMap.Coefficient {
    let constant: Float? = if case .constant(let value) = terms[index].term { value } else { nil }
    return AffineMap.Coefficient(constant: constant, type: terms[index].type, time: terms[index].time)
  }

  /// Whether a term is just `id`, or the constant that `id` is.
  func isValue(_ index: Index, _ id: ValueID, of graph: Graph) -> Bool {
    switch terms[index].term {
    case .constant(let value): graph[id].op == .constant(value)
    case .value(let value): value == id
    default: false
    }
  }

  mutating func combine(_ function: BinaryFunction, _ a: Index, _ b: Index) -> Index {
    switch (function, terms[a].term, terms[b].term) {
    case (.add, .constant(0), _): b
    case (.add, _, .constant(0)), (.sub, _, .constant(0)): a
    case (.mul, .constant(1), _): b
    case (.mul, _, .constant(1)), (.div, _, .constant(1)): a
    case (.mul, .constant(0), _), (.div, .constant(0), _): a
    case (.mul, _, .constant(0)): b
    case (.sub, .constant(0), .constant(let value)): constant(-value)
    case (.sub, .constant(0), _): neg(b)
    default: binary(function, a, b)
    }
  }

  /// The node that computes a term; made of nodes that earlier calls made, where they serve.
  mutating func materialize(_ root: Index, in graph: inout Graph, name: String) -> ValueID {
    var needed: Set<Index> = []
    var pending = [root]
    while let index = pending.popLast() {
      guard materialized[index] == nil, needed.insert(index).inserted else { continue }
      switch terms[index].term {
      case .constant, .value: break
      case .neg(let a): pending.append(a)
      case .binary(_, let a, let b): pending += [a, b]
      }
    }
    // A term comes after those it is made of.
    for index in needed.sorted() {
      materialized[index] =
        switch terms[index].term {
        case .constant(let value): graph.append(.constant(value), name: name)
        case .value(let id): id
        case .neg(let a): graph.append(.unary(.neg), materialized[a]!, name: name)
        case .binary(let function, let a, let b):
          graph.append(.binary(function), materialized[a]!, materialized[b]!, name: name)
        }
    }
    return materialized[root]!
  }
}
