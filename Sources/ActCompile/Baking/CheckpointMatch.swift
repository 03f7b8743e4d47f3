import ActIR

/// The tensors with which the graph of a checkpoint computes what another graph computes: every operand of the other that
/// is known at compile time, taken back through the expression by which the checkpoint's graph reads it.
///
///     template: %g = add (cast %norm.weight), 1      %y = rms_norm %x, %g
///     other:    %f = mul (add (cast %norm.weight), 1), %s      %y = rms_norm %x, %f
///
///     norm.weight = sub %f, 1
///
/// Both graphs must run the same nodes in a step, but for biases that one of them lacks.
struct CheckpointMatch {
  /// What a tensor of the checkpoint is to hold.
  enum Tensor: Hashable {
    /// What it holds already.
    case unchanged
    case zeros
    case value(ValueID)
  }

  /// A value that no tensor can hold.
  enum Problem: Hashable {
    /// A bias or gain of a module that has none: its value.
    case noBias(module: String, ValueID)
    /// A bias that the loader would not read.
    case unreadBias(module: String, ValueID)
    /// Two readers of one tensor want it to be different.
    case shared(tensor: String)
    /// An expression that cannot be taken back, or nodes that are not those of the template: where, and what is there.
    case structure(at: String, found: String)
  }

  /// The other graph, and what takes its values back.
  private(set) var graph: Graph
  let template: Graph
  private(set) var tensors: [String: Tensor] = [:]
  private(set) var problems: [Problem] = []
  private let times: BindingTimes
  private let templateTimes: BindingTimes
  private let isUnread: (_ module: String) -> Bool

  /// Matches `graph` with `template`; `isUnread` says of a module whether its bias is not read.
  init(_ graph: Graph, _ template: Graph, isUnread: @escaping (_ module: String) -> Bool) {
    self.graph = graph
    self.template = template
    self.isUnread = isUnread
    times = BindingTimes(of: graph)
    templateTimes = BindingTimes(of: template)
    match()
  }

  private mutating func match() {
    var pending: [(ValueID, ValueID)] = []
    guard graph.results.map(\.name) == template.results.map(\.name) else {
      problems = [.structure(at: template.name, found: "other results")]
      return
    }
    pending = zip(graph.results, template.results).map { ($0.value, $1.value) }.reversed()
    var matched: [ValueID: ValueID] = [:]
    while let (id, expected) = pending.popLast() {
      if let known = matched[id] {
        if known != expected { differ(id, expected) }
        continue
      }
      matched[id] = expected
      let (node, other) = (graph[id], template[expected])
      guard node.op == other.op, node.type == other.type else {
        differ(id, expected)
        continue
      }
      for index in 0..<max(node.inputs.count, other.inputs.count) {
        let operand = index < node.inputs.count ? node.inputs[index] : nil
        let target = index < other.inputs.count ? other.inputs[index] : nil
        switch (operand, target) {
        case (let operand?, let target?) where times[operand].isOfCall && templateTimes[target].isOfCall:
          pending.append((operand, target))
        case (let operand?, let target?)
        where times[operand] == .compile && templateTimes[target] == .compile:
          if isBias(index, of: other.op), isUnread(module(of: other)), !isSame(target, operand) {
            problems.append(.unreadBias(module: module(of: other), operand))
            clear(target, at: other)
          } else {
            take(operand, backTo: target, at: other)
          }
        case (let operand?, nil) where times[operand] == .compile && isBias(index, of: node.op):
          problems.append(.noBias(module: module(of: other), operand))
        case (nil, let target?) where templateTimes[target] == .compile && isBias(index, of: other.op):
          clear(target, at: other)
        default: differ(id, expected)
        }
      }
    }
  }

  private mutating func differ(_ id: ValueID, _ expected: ValueID) {
    problems.append(.structure(at: module(of: template[expected]), found: graph[id].op.mnemonic))
  }

  private func module(of node: Node) -> String { node.site ?? node.name }

  private func isBias(_ index: Int, of op: Op) -> Bool {
    switch op {
    case .linear, .conv, .rmsNorm, .layerNorm: index == 2
    default: false
    }
  }

  // MARK: Taking values back

  /// Makes the tensors that `target` is read from such that it becomes `value`.
  private mutating func take(_ value: ValueID, backTo target: ValueID, at reader: Node) {
    if isSame(target, value) {
      for tensor in weights(under: target) { set(tensor, .unchanged) }
      return
    }
    let node = template[target]
    let name = "\(node.name).baked"
    switch node.op {
    case .weight(let tensor):
      let narrow =
        graph.type(value).dtype == node.type.dtype
        ? value : graph.append(.cast(node.type.dtype), value, name: name)
      guard graph.type(narrow) == node.type else { return fail(reader, value) }
      set(tensor, .value(narrow))
    case .cast: take(value, backTo: node.inputs[0], at: reader)
    case .permute(let axes):
      let inverse = axes.indices.map { axes.firstIndex(of: $0)! }
      take(graph.append(.permute(inverse), value, name: name), backTo: node.inputs[0], at: reader)
    case .reshape:
      let shape = template.type(node.inputs[0]).shape
      take(graph.append(.reshape(shape), value, name: name), backTo: node.inputs[0], at: reader)
    case .binary(.add):
      let constants = node.inputs.filter { if case .constant = template[$0].op { true } else { false } }
      guard constants.count == 1, let tensor = node.inputs.first(where: { $0 != constants[0] }) else {
        return fail(reader, value)
      }
      let constant = graph.append(template[constants[0]].op, name: name)
      take(graph.append(.binary(.sub), value, constant, name: name), backTo: tensor, at: reader)
    case .concat(axis: 0), .stack: takeParts(value, backTo: target, at: reader)
    default: fail(reader, value)
    }
  }

  /// Takes each part of what is joined back by itself.
  private mutating func takeParts(_ value: ValueID, backTo target: ValueID, at reader: Node) {
    let node = template[target]
    if graph[value].op == node.op, graph[value].inputs.count == node.inputs.count {
      let parts = graph[value].inputs
      guard zip(parts, node.inputs).allSatisfy({ graph.type($0).shape == template.type($1).shape }) else {
        return fail(reader, value)
      }
      for (part, target) in zip(parts, node.inputs) { take(part, backTo: target, at: reader) }
      return
    }
    guard case .concat = node.op, graph.type(value).rank >= 2 else { return fail(reader, value) }
    let name = "\(node.name).baked"
    let wide =
      graph.type(value).dtype == .f32 ? value : graph.append(.cast(.f32), value, name: name)
    var start = 0
    for target in node.inputs {
      let count = template.type(target).shape[0].fixed ?? 0
      let slice = Slice(start: start, count: count, axis: 0)
      take(graph.append(.slice(slice), wide, name: name), backTo: target, at: reader)
      start += count
    }
  }

  /// Makes the tensor that `target` is read from zero.
  private mutating func clear(_ target: ValueID, at reader: Node) {
    var target = target
    while case .cast = template[target].op { target = template[target].inputs[0] }
    guard case .weight(let tensor) = template[target].op else {
      problems.append(.structure(at: module(of: reader), found: "no bias"))
      return
    }
    set(tensor, .zeros)
  }

  private mutating func fail(_ reader: Node, _ value: ValueID) {
    problems.append(.structure(at: module(of: reader), found: graph[value].op.mnemonic))
  }

  private mutating func set(_ tensor: String, _ new: Tensor) {
    guard let known = tensors[tensor], known != new else {
      tensors[tensor] = new
      return
    }
    if case .value(let a) = known, case .value(let b) = new, isSame(a, b, in: graph) { return }
    problems.append(.shared(tensor: tensor))
  }

  private func weights(under target: ValueID) -> [String] {
    if case .weight(let name) = template[target].op { return [name] }
    return template[target].inputs.flatMap(weights)
  }

  // MARK: Comparing expressions

  /// Whether a value is the template's, but for the element types in which both are read.
  private func isSame(_ target: ValueID, _ value: ValueID) -> Bool { isSame(target, value, in: template) }

  private func isSame(_ a: ValueID, _ b: ValueID, in graph: Graph) -> Bool {
    var (a, b) = (a, b)
    while case .cast = graph[a].op { a = graph[a].inputs[0] }
    while case .cast = self.graph[b].op { b = self.graph[b].inputs[0] }
    let (node, other) = (graph[a], self.graph[b])
    return node.op == other.op && node.type.shape == other.type.shape
      && node.inputs.count == other.inputs.count
      && zip(node.inputs, other.inputs).allSatisfy { isSame($0, $1, in: graph) }
  }
}
