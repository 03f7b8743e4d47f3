import ActIR

/// Brings elementwise trees that are affine in one value into the form `x·scale + shift`, whatever method they came
/// from.
///
///     %c = sub %x, %m
///     %d = mul %c, %w        =>  %scale = mul %w, %l ...        known before the step
///     %y = mul %d, %l            %y = affine %x, %scale, %shift
///
/// `x` is the tree's only leaf that varies with the row; all other leaves are vectors or scalars known before the step.
/// Only where the form folds into a norm or a linear layer beside it, or takes fewer instructions of a step than the
/// tree does: `neg` stays `neg`.
public let recognizeAffine = GraphPass("recognize-affine") { graph in
  var changed = false
  var forms = AffineForms(of: graph)
  // From the results down, so that the largest tree is taken whole.
  for id in graph.order.reversed() where graph.isLive(id) {
    let node = graph[id]
    guard let form = forms[id], let x = form.x, !forms.isWritten(form, in: node, of: graph),
      forms.pays(form, at: id, of: graph)
    else { continue }
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

  /// Those of the graph before any value is replaced. What replaces one is of the step, as it is.
  private let times: BindingTimes

  init(of graph: Graph) {
    times = BindingTimes(of: graph)
    for id in graph.order {
      let node = graph[id]
      guard times[id].isOfCall else {
        if node.type.dtype == .f32 { seen[id] = known(id, node, times[id]) }
        continue
      }
      guard node.type.rank >= 2 else { continue }
      // What is repeated to more rows or channels is another value than x.
      if node.op.isElementwise, let form = form(of: node), form.x.map({ graph.type($0) == node.type }) ?? true
      {
        own[id] = form
      }
      // A site's own value is where its transport begins, even if it is a map of another itself; and a value that
      // costs nothing is where what follows begins, where it is needed anyway.
      let isLeaf = own[id] == nil || node.site != nil || isNeededAndFolds(id, in: graph)
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

  private mutating func known(_ id: ValueID, _ node: Node, _ time: BindingTime) -> AffineForm {
    let shift =
      if case .constant(let value) = node.op {
        coefficients.constant(value)
      } else {
        coefficients.value(id, node.type, time)
      }
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

// MARK: What the form is good for

extension AffineForms {
  /// Whether something reads `id` that is no arithmetic on it, and a norm or a linear layer takes its map.
  private func isNeededAndFolds(_ id: ValueID, in graph: Graph) -> Bool {
    let isNeeded =
      graph.isResult(id)
      || graph.readers(of: id).contains { reader in
        switch graph[reader].op {
        case .binary(let function): function.isComparison
        case .unary(.neg), .affine: false
        default: true
        }
      }
    guard isNeeded, let form = own[id], form.x != nil else { return false }
    return foldsBefore(map(form, tree(of: id, in: graph), in: graph), in: graph)
  }

  /// Whether the form of `id` folds into what stands before or after it, or is shorter than its tree.
  func pays(_ form: AffineForm, at id: ValueID, of graph: Graph) -> Bool {
    let tree = tree(of: id, in: graph)
    let instructions = tree.reduce(0) {
      $0 + (graph.elementwiseBody(of: $1)?.expression.instructions.count ?? 0)
    }
    if instructionCount(of: form) < instructions { return true }
    let map = map(form, tree, in: graph)
    return foldsBefore(map, in: graph) || graph.readersTake(map, of: id, times)
  }

  /// `root` and the nodes that would go with it, since nothing else reads them.
  private func tree(of root: ValueID, in graph: Graph) -> Set<ValueID> {
    var tree: Set<ValueID> = [root]
    var pending = graph[root].inputs
    while let id = pending.popLast() {
      // A leaf stays, and so does what somebody else reads.
      guard own[id] != nil, graph[id].site == nil, !tree.contains(id), !graph.isResult(id),
        graph.readers(of: id).allSatisfy(tree.contains)
      else { continue }
      tree.insert(id)
      pending += graph[id].inputs
    }
    return tree
  }

  private func map(_ form: AffineForm, _ tree: Set<ValueID>, in graph: Graph) -> AffineMap {
    let x = form.x!
    return AffineMap(
      x: x, channels: graph.type(x).shape.last!, scale: coefficients[form.scale],
      shift: coefficients[form.shift],
      ownsX: !graph.isResult(x) && graph.readers(of: x).allSatisfy(tree.contains))
  }

  /// Whether a norm or a linear layer takes the map, at once or after the maps between them.
  private func foldsBefore(_ map: AffineMap, in graph: Graph) -> Bool {
    guard map.ownsX else { return false }
    var map = map
    while let between = own[map.x], between.x != nil {
      let inner = self.map(between, tree(of: map.x, in: graph), in: graph)
      guard inner.ownsX, foldsBefore(inner, in: graph) else { return false }
      map.x = inner.x
    }
    return graph.normTakes(map) || graph.linearTakes(map, times)
  }

  /// How many instructions of a step an `affine` node of the form is.
  private func instructionCount(of form: AffineForm) -> Int {
    let (scale, shift) = (coefficients[form.scale], coefficients[form.shift])
    func constants(_ coefficients: AffineMap.Coefficient...) -> Int {
      coefficients.count { $0.constant != nil }
    }
    if scale.isOne { return shift.isZero ? 0 : 1 + constants(shift) }
    if scale.constant == -1 { return 1 + constants(shift) }
    if shift.isZero { return 1 + constants(scale) }
    return 2 + constants(scale, shift)
  }
}
