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
  let times = graph.bindingTimes()
  // From the results down, so that the largest tree is taken whole.
  for id in graph.order.reversed() where graph.isLive(id) && id.index < times.count {
    guard graph[id].op.isElementwise, graph[id].type.rank == 2, times[id.index] == .step else { continue }
    var search = AffineSearch(graph: graph, times: times)
    guard let form = search.form(of: id), let x = search.x, x != id, !form.isWritten(in: graph[id]) else { continue }
    let scale = form.scale.materialize(in: &graph, name: "\(graph[id].name).scale")
    let shift = form.shift.materialize(in: &graph, name: "\(graph[id].name).shift")
    let y = graph.append(.affine, x, scale, shift, name: graph[id].name, site: graph[id].site)
    graph.replace(id, with: y)
    changed = true
  }
  return changed
}

/// A coefficient of an affine form, built on paper first, so that a failed search leaves nothing behind.
private indirect enum Coefficient {
  case constant(Float)
  case value(ValueID)
  case unary(UnaryFunction, Coefficient)
  case binary(BinaryFunction, Coefficient, Coefficient)

  static func combine(_ function: BinaryFunction, _ a: Coefficient, _ b: Coefficient) -> Coefficient {
    switch (function, a, b) {
    case (.add, .constant(0), let other), (.add, let other, .constant(0)), (.sub, let other, .constant(0)): other
    case (.mul, .constant(1), let other), (.mul, let other, .constant(1)), (.div, let other, .constant(1)): other
    case (.mul, .constant(0), _), (.mul, _, .constant(0)), (.div, .constant(0), _): .constant(0)
    case (.sub, .constant(0), let other): .unary(.neg, other)
    default: .binary(function, a, b)
    }
  }

  func materialize(in graph: inout Graph, name: String) -> ValueID {
    switch self {
    case .constant(let value): graph.append(.constant(value), name: name)
    case .value(let id): id
    case .unary(let function, let a):
      graph.append(.unary(function), a.materialize(in: &graph, name: name), name: name)
    case .binary(let function, let a, let b):
      graph.append(
        .binary(function), a.materialize(in: &graph, name: name), b.materialize(in: &graph, name: name), name: name)
    }
  }
}

private struct AffineForm {
  var scale: Coefficient
  var shift: Coefficient

  /// Whether `node` already is `affine x, scale, shift` with nothing left to gather.
  func isWritten(in node: Node) -> Bool {
    guard case .affine = node.op, case .value(node.inputs[1]) = scale, case .value(node.inputs[2]) = shift else {
      return false
    }
    return true
  }
}

private struct AffineSearch {
  let graph: Graph
  let times: [BindingTime]
  var x: ValueID?
  var known: [ValueID: AffineForm] = [:]

  init(graph: Graph, times: [BindingTime]) {
    self.graph = graph
    self.times = times
  }

  private func varies(_ id: ValueID) -> Bool { id.index >= times.count || times[id.index] == .step }

  /// The form of an elementwise node in `x`, or nil where it has none.
  mutating func form(of id: ValueID) -> AffineForm? {
    switch graph[id].op {
    case .binary(let function):
      guard let a = operand(graph[id].inputs[0]), let b = operand(graph[id].inputs[1]) else { return nil }
      return combine(function, a, b)
    case .unary(.neg):
      guard let a = operand(graph[id].inputs[0]) else { return nil }
      return combine(.sub, AffineForm(scale: .constant(0), shift: .constant(0)), a)
    case .affine:
      let inputs = graph[id].inputs
      guard let a = operand(inputs[0]), let scale = operand(inputs[1]), let shift = operand(inputs[2]),
        let scaled = combine(.mul, a, scale)
      else { return nil }
      return combine(.add, scaled, shift)
    default: return nil
    }
  }

  private mutating func operand(_ id: ValueID) -> AffineForm? {
    if let form = known[id] { return form }
    if !varies(id) {
      if case .constant(let value) = graph[id].op {
        return AffineForm(scale: .constant(0), shift: .constant(value))
      }
      return graph[id].type.rank <= 1 ? AffineForm(scale: .constant(0), shift: .value(id)) : nil
    }
    // A site's own value is where its transport begins, even if it is elementwise itself.
    if graph[id].op.isElementwise, graph[id].site == nil {
      guard let form = form(of: id) else { return nil }
      known[id] = form
      return form
    }
    guard x == nil || x == id, graph[id].type.rank == 2 else { return nil }
    x = id
    return AffineForm(scale: .constant(1), shift: .constant(0))
  }

  private func combine(_ function: BinaryFunction, _ a: AffineForm, _ b: AffineForm) -> AffineForm? {
    switch function {
    case .add, .sub:
      return AffineForm(
        scale: .combine(function, a.scale, b.scale), shift: .combine(function, a.shift, b.shift))
    case .mul:
      if case .constant(0) = b.scale { return scaled(a, .mul, by: b.shift) }
      if case .constant(0) = a.scale { return scaled(b, .mul, by: a.shift) }
      return nil
    case .div:
      if case .constant(0) = b.scale { return scaled(a, .div, by: b.shift) }
      return nil
    default: return nil
    }
  }

  private func scaled(_ form: AffineForm, _ function: BinaryFunction, by factor: Coefficient) -> AffineForm {
    AffineForm(
      scale: .combine(function, form.scale, factor), shift: .combine(function, form.shift, factor))
  }
}
