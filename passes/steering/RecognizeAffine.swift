import ActIR

/// Brings every elementwise tree that is affine in one value into the form `x·scale + shift`, whatever method it came
/// from.
///
///     %c = sub %x, %m
///     %d = mul %c, %w        =>  %scale = mul %w, %l ...        known before the step
///     %y = mul %d, %l            %y = affine %x, %scale, %shift
///
/// `x` is the tree's only leaf that varies with the row; all other leaves are vectors or scalars known before the step.
public let recognizeAffine = GraphPass("recognize-affine") { graph in
  var changed = false
  var forms = AffineForms(of: graph)
  // From the results down, so that the largest tree is taken whole.
  for id in graph.order.reversed() where graph.isLive(id) {
    let node = graph[id]
    guard let form = forms[id], let x = form.x, !forms.isWritten(form, in: node, of: graph) else { continue }
    let scale = forms.coefficients.materialize(form.scale, in: &graph, name: "\(node.name).scale")
    let shift = forms.coefficients.materialize(form.shift, in: &graph, name: "\(node.name).shift")
    graph.replace(id, with: graph.append(.affine, x, scale, shift, name: node.name, site: node.site))
    changed = true
  }
  return changed
}

/// `x·scale + shift`, or `shift` alone where there is no x.
private struct AffineForm {
  var x: ValueID?
  var scale: Coefficients.Index
  var shift: Coefficients.Index
}

/// The affine form of every value of a graph that has one, found from the operands up.
private struct AffineForms {
  var coefficients = Coefficients()
  /// How a node is written in the values below it.
  private var own: [ValueID: AffineForm] = [:]
  /// What readers of a value see: its form, or the value itself.
  private var seen: [ValueID: AffineForm] = [:]

  init(of graph: Graph) {
    let times = graph.bindingTimes()
    for id in graph.order {
      let node = graph[id]
      guard times[id.index] == .step else {
        if node.type.rank <= 1 { seen[id] = known(id, node.op) }
        continue
      }
      guard node.type.rank == 2 else { continue }
      if node.op.isElementwise { own[id] = form(of: node) }
      // A site's own value is where its transport begins, even if it is a map of another itself.
      let isLeaf = own[id] == nil || node.site != nil
      seen[id] =
        isLeaf ? AffineForm(x: id, scale: coefficients.constant(1), shift: coefficients.constant(0)) : own[id]
    }
  }

  subscript(id: ValueID) -> AffineForm? { own[id] }

  /// Whether `node` already is `affine x, scale, shift` with nothing left to gather.
  func isWritten(_ form: AffineForm, in node: Node, of graph: Graph) -> Bool {
    guard case .affine = node.op else { return false }
    return coefficients.isValue(form.scale, node.inputs[1], of: graph)
      && coefficients.isValue(form.shift, node.inputs[2], of: graph)
  }

  private mutating func known(_ id: ValueID, _ op: Op) -> AffineForm {
    let shift =
      if case .constant(let value) = op { coefficients.constant(value) } else { coefficients.value(id) }
    return AffineForm(x: nil, scale: coefficients.constant(0), shift: shift)
  }

  private mutating func form(of node: Node) -> AffineForm? {
    let operands = node.inputs.compactMap { seen[$0] }
    guard operands.count == node.inputs.count else { return nil }
    switch node.op {
    case .binary(let function): return combine(function, operands[0], operands[1])
    case .unary(.neg):
      let zero = coefficients.constant(0)
      return combine(.sub, AffineForm(x: nil, scale: zero, shift: zero), operands[0])
    case .affine: return combine(.mul, operands[0], operands[1]).flatMap { combine(.add, $0, operands[2]) }
    default: return nil
    }
  }

  private mutating func combine(_ function: BinaryFunction, _ a: AffineForm, _ b: AffineForm) -> AffineForm? {
    switch function {
    case .add, .sub:
      guard a.x == nil || b.x == nil || a.x == b.x else { return nil }
      return AffineForm(
        x: a.x ?? b.x, scale: coefficients.combine(function, a.scale, b.scale),
        shift: coefficients.combine(function, a.shift, b.shift))
    case .mul where a.x == nil: return scaled(b, .mul, by: a.shift)
    case .mul where b.x == nil, .div where b.x == nil: return scaled(a, function, by: b.shift)
    default: return nil
    }
  }

  private mutating func scaled(
    _ form: AffineForm, _ function: BinaryFunction, by factor: Coefficients.Index
  ) -> AffineForm {
    AffineForm(
      x: form.x, scale: coefficients.combine(function, form.scale, factor),
      shift: coefficients.combine(function, form.shift, factor))
  }
}

/// Arithmetic on coefficients, on paper first, so that forms that come to nothing leave nothing in the graph.
///
/// Equal parts are shared, so that a form takes no more than its tree.
private struct Coefficients {
  typealias Index = Int

  private enum Term {
    case constant(Float)
    case value(ValueID)
    case neg(Index)
    case binary(BinaryFunction, Index, Index)
  }

  private var terms: [Term] = []
  private var materialized: [Index: ValueID] = [:]

  private mutating func add(_ term: Term) -> Index {
    terms.append(term)
    return terms.count - 1
  }

  mutating func constant(_ value: Float) -> Index { add(.constant(value)) }
  mutating func value(_ id: ValueID) -> Index { add(.value(id)) }

  /// Whether a term is just `id`, or the constant that `id` is.
  func isValue(_ index: Index, _ id: ValueID, of graph: Graph) -> Bool {
    switch terms[index] {
    case .constant(let value): graph[id].op == .constant(value)
    case .value(let value): value == id
    default: false
    }
  }

  mutating func combine(_ function: BinaryFunction, _ a: Index, _ b: Index) -> Index {
    switch (function, terms[a], terms[b]) {
    case (.add, .constant(0), _): b
    case (.add, _, .constant(0)), (.sub, _, .constant(0)): a
    case (.mul, .constant(1), _): b
    case (.mul, _, .constant(1)), (.div, _, .constant(1)): a
    case (.mul, .constant(0), _), (.div, .constant(0), _): a
    case (.mul, _, .constant(0)): b
    case (.sub, .constant(0), .constant(let value)): add(.constant(-value))
    case (.sub, .constant(0), _): add(.neg(b))
    default: add(.binary(function, a, b))
    }
  }

  /// The node that computes a term; made of nodes that earlier calls made, where they serve.
  mutating func materialize(_ root: Index, in graph: inout Graph, name: String) -> ValueID {
    var needed: Set<Index> = []
    var pending = [root]
    while let index = pending.popLast() {
      guard materialized[index] == nil, needed.insert(index).inserted else { continue }
      switch terms[index] {
      case .constant, .value: break
      case .neg(let a): pending.append(a)
      case .binary(_, let a, let b): pending += [a, b]
      }
    }
    // A term comes after those it is made of.
    for index in needed.sorted() {
      materialized[index] =
        switch terms[index] {
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
