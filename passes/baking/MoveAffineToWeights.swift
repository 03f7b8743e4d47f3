import ActIR

/// Moves a frozen per-channel map, or what is left of one, to where weights can take it.
///
///     %x = add %h, %linear               %z = affine %linear, 1, %t
///     %y = affine %x, 1, %t          =>  %y = add %h, %z
///
///     %x = mul %linear, 0.5              %z = affine %linear, %s, %t / 0.5
///     %y = affine %x, %s, %t         =>  %y = mul %z, 0.5
///
///     %y = mul %a, %s                    %z = mul %linear, %s
///     %p = mul %y, %linear           =>  %p = mul %a, %z
///
/// Only where a linear layer, a norm or a table at the end of the way takes it.
public let moveAffineToWeights = GraphPass(
  "move-affine-to-weights",
  rules: [
    RewriteRule("move-affine-back") { id, graph, times in
      guard let map = graph.writtenMap(id, times), graph.hasOneUse(map.x),
        graph.weightsTake(map.form, behind: map.x, times)
      else { return nil }
      return graph.move(map, of: id, times)
    },
    RewriteRule("move-scale-across-product") { id, graph, times in
      guard case .binary(.mul) = graph[id].op, times[id].isOfCall else { return nil }
      let operands = graph[id].inputs
      for (near, far) in [(operands[0], operands[1]), (operands[1], operands[0])] where near != far {
        guard let map = graph.writtenMap(near, times), map.shift == nil, let scale = map.scale,
          graph.hasOneUse(near), graph.hasOneUse(far), graph.type(near) == graph.type(far),
          graph.weightsTake(map.form, behind: far, times),
          // What takes it where it is keeps it.
          !(graph.hasOneUse(map.x) && graph.weightsTake(map.form, behind: map.x, times))
        else { continue }
        let zero = graph.append(.constant(0), name: "\(graph[near].name).zero")
        let scaled = graph.append(.affine, far, scale, zero, name: "\(graph[far].name).scaled")
        // The near operand keeps its site, of the value that the map was of.
        let inputs = operands.map { $0 == far ? scaled : map.x }
        return graph.append(.binary(.mul), inputs, name: graph[id].name, site: graph[id].site)
      }
      return nil
    },
  ])

/// A map as a node has it: `x·scale + shift`, of which either may be missing.
private struct WrittenMap {
  var x: ValueID
  var scale: ValueID?
  var shift: ValueID?

  /// Which of both there are.
  var form: (scales: Bool, shifts: Bool) { (scale != nil, shift != nil) }
}

extension Graph {
  /// The per-channel map that a node is, where it is known at compile time.
  fileprivate func writtenMap(_ id: ValueID, _ times: BindingTimes) -> WrittenMap? {
    let node = self[id]
    func isCoefficient(_ id: ValueID) -> Bool {
      times[id] == .compile && type(id) == TensorType(.f32, [node.type.shape.last!])
    }
    guard times[id].isOfCall, node.type.rank >= 2 else { return nil }
    switch node.op {
    case .affine:
      guard let map = affineMap(id, times), map.isOfWeights else { return nil }
      return WrittenMap(
        x: map.x, scale: map.scale.isOne ? nil : node.inputs[1],
        shift: map.shift.isZero ? nil : node.inputs[2])
    case .binary(.add), .binary(.mul):
      guard let index = node.inputs.firstIndex(where: isCoefficient) else { return nil }
      let x = node.inputs[1 - index]
      guard type(x) == node.type else { return nil }
      let isSum = node.op == .binary(.add)
      return WrittenMap(
        x: x, scale: isSum ? nil : node.inputs[index], shift: isSum ? node.inputs[index] : nil)
    default: return nil
    }
  }

  /// Whether weights take a map of a value, which nothing else reads.
  fileprivate func weightsTake(
    _ form: (scales: Bool, shifts: Bool), behind id: ValueID, _ times: BindingTimes
  ) -> Bool {
    let node = self[id]
    switch node.op {
    case .linear, .conv:
      return node.op.isPlainProduct && times[node.inputs[1]] == .compile && type(node.inputs[1]).dtype.isFloat
    case .rmsNorm, .layerNorm: return node.inputs.count == 3 || node.inputs.count == 2 && !form.shifts
    case .embedding: return isStoredTable(id, times)
    case .reshape, .binary(.mul), .binary(.div), .binary(.add):
      return way(back: id, form, times) != nil
    default: return false
    }
  }

  /// The operand of a node to which a map of its value can go.
  private func way(
    back id: ValueID, _ form: (scales: Bool, shifts: Bool), _ times: BindingTimes
  ) -> Int? {
    let node = self[id]
    func takes(_ index: Int) -> Bool {
      let operand = node.inputs[index]
      return times[operand].isOfCall && type(operand) == node.type && hasOneUse(operand)
        && weightsTake(form, behind: operand, times)
    }
    func isConstant(_ index: Int) -> Bool {
      if case .constant(let value) = self[node.inputs[index]].op { value != 0 } else { false }
    }
    switch node.op {
    case .reshape: return takes(0) ? 0 : nil
    case .binary(.mul): return [0, 1].first { isConstant(1 - $0) && takes($0) }
    case .binary(.div): return isConstant(1) && takes(0) ? 0 : nil
    case .binary(.add): return form.scales ? nil : [1, 0].first(where: takes)
    default: return nil
    }
  }

  /// Moves a map by one node, or writes it as `affine` before what takes it.
  fileprivate mutating func move(_ map: WrittenMap, of id: ValueID, _ times: BindingTimes) -> ValueID? {
    let (node, site) = (self[map.x], self[id].site)
    let name = self[id].name
    func append(_ x: ValueID, _ shift: ValueID?, _ graph: inout Graph, site: String? = nil) -> ValueID {
      let scale = map.scale ?? graph.append(.constant(1), name: "\(name).one")
      let shift = shift ?? graph.append(.constant(0), name: "\(name).zero")
      return graph.append(.affine, x, scale, shift, name: name, site: site)
    }
    guard let index = way(back: map.x, map.form, times) else {
      if case .affine = self[id].op { return nil }
      return append(map.x, map.shift, &self, site: site)
    }
    var shift = map.shift
    let other = node.inputs.count == 2 ? node.inputs[1 - index] : nil
    switch node.op {
    case .binary(.mul): shift = shift.map { self.append(.binary(.div), $0, other!, name: "\(name).shift") }
    case .binary(.div): shift = shift.map { self.append(.binary(.mul), $0, other!, name: "\(name).shift") }
    default: break
    }
    var inputs = node.inputs
    inputs[index] = append(inputs[index], shift, &self)
    return self.append(node.op, inputs, name: node.name, site: site ?? node.site)
  }
}
