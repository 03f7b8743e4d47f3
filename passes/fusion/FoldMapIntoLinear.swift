import ActIR

/// Folds a frozen map that mixes channels (low rank, dense, a projector) into the linear layer or the convolution before it.
///
///     %x = linear %h, %w, %b           %wt = permute %w            W's columns are rows of x's channels,
///     %p = linear %x, %v               %pt = linear %wt, %v        and the map is linear in them up to
///     %d = linear %p, %u               %dt = linear %pt, %u        a constant, which goes to the bias
///     %y = add %x, %d              =>  %yt = add %wt, %dt
///                                      %w2 = permute %yt
///                                      %y = linear %h, %w2, %b2
///
/// Whatever the map is made of, it is run on the weights as it would have run on the rows.
public let foldMapIntoLinear = GraphPass(
  "fold-map-into-linear",
  rules: [
    RewriteRule("fold-map-into-linear") { x, graph, times in
      guard let region = MapRegion(behind: x, in: graph, times) else { return nil }
      return graph.fold(region)
    }
  ])

/// What is computed from a linear layer's output alone, by arithmetic that is affine in it, up to where it leaves.
private struct MapRegion {
  let linear: ValueID
  /// The nodes of the map in order, the last of which is its value.
  var nodes: [ValueID] = []

  /// The map behind `linear`, or nil where there is none that weights can take.
  init?(behind linear: ValueID, in graph: Graph, _ times: BindingTimes) {
    self.linear = linear
    guard graph[linear].op.isPlainProduct, graph.type(graph[linear].inputs[1]).dtype.isFloat,
      // Most linear layers have no map behind them; to see that costs little.
      graph.readers(of: linear).contains(where: { graph.readsMatrixOfMap($0) }), times[linear] == .step,
      graph[linear].inputs.dropFirst().allSatisfy({ times[$0] == .compile })
    else { return nil }
    var inside: Set<ValueID> = [linear]
    for id in graph.order where times[id] == .step && !graph[id].inputs.isEmpty {
      let operands = graph[id].inputs.filter { times[$0] == .step }
      let others = graph[id].inputs.filter { times[$0] != .step }
      guard !operands.isEmpty, operands.allSatisfy(inside.contains),
        others.allSatisfy({ times[$0] == .compile }), graph.isAffine(id, in: operands)
      else { continue }
      inside.insert(id)
      nodes.append(id)
    }
    // One value leaves, and it is the last.
    let leaving = nodes.filter { id in
      graph.isResult(id) || graph.readers(of: id).contains { !inside.contains($0) }
    }
    guard leaving.count == 1, let value = nodes.last, leaving[0] == value, !graph.isResult(linear),
      graph.readers(of: linear).allSatisfy(inside.contains), graph.type(value) == graph.type(linear),
      nodes.dropLast().allSatisfy({ graph[$0].site == nil })
    else { return nil }
  }
}

extension Graph {
  /// Whether a node is a linear layer whose matrix is a map's.
  fileprivate func readsMatrixOfMap(_ id: ValueID) -> Bool {
    guard case .linear = self[id].op else { return false }
    return isOfMaps(self[id].inputs[1])
  }

  /// Whether a node is affine in `operands`, its others being constants.
  fileprivate func isAffine(_ id: ValueID, in operands: [ValueID]) -> Bool {
    let inputs = self[id].inputs
    if self[id].op.isElementwise {
      guard inputs.allSatisfy({ operands.contains($0) || isAlikeForRows($0) }) else { return false }
    }
    switch self[id].op {
    case .binary(.add), .binary(.sub), .unary(.neg): return true
    case .binary(.mul): return operands.count == 1
    case .binary(.div): return operands == [inputs[0]]
    case .affine: return operands == [inputs[0]]
    case .linear: return operands == [inputs[0]] && isOfMaps(inputs[1])
    default: return false
    }
  }

  /// Whether a constant is the same for every row: others belong to the rows, which the weights do not have.
  private func isAlikeForRows(_ id: ValueID) -> Bool {
    let shape = type(id).shape
    return shape.count <= 1 || shape.count == 2 && shape[0] == .fixed(1)
  }

  fileprivate mutating func fold(_ region: MapRegion) -> ValueID? {
    let node = self[region.linear]
    let name = node.name
    let columns = append(.permute([1, 0]), node.inputs[1], name: "\(name).weight.columns")
    guard let weight = replay(region, on: columns, keepsConstants: false),
      let channels = type(region.linear).shape.last
    else { return nil }
    var inputs = [node.inputs[0], append(.permute([1, 0]), weight, name: "\(name).weight.folded")]
    var row: ValueID?
    if node.inputs.count == 3 {
      row = append(.reshape([.fixed(1), channels]), node.inputs[2], name: "\(name).bias.row")
    }
    if let bias = replay(region, on: row, keepsConstants: true) {
      let isVector = type(bias).shape == [channels]
      guard isVector || type(bias).shape == [.fixed(1), channels] else { return nil }
      inputs.append(isVector ? bias : append(.reshape([channels]), bias, name: "\(name).bias.folded"))
    }
    let value = region.nodes[region.nodes.count - 1]
    let folded = append(node.op, inputs, name: name, site: self[value].site(behind: node))
    replace(value, with: folded)
    return folded
  }

  /// Runs the map on rows that stand for the layer's output, or on zero where there are none; nil: the value is zero.
  private mutating func replay(
    _ region: MapRegion, on rows: ValueID?, keepsConstants: Bool
  ) -> ValueID? {
    var values: [ValueID: ValueID?] = [region.linear: rows]
    for id in region.nodes {
      let node = self[id]
      func isInside(_ operand: Int) -> Bool { values.keys.contains(node.inputs[operand]) }
      /// An operand as it is here: a value of the map, or a constant; nil: zero.
      func operand(_ index: Int) -> ValueID? {
        if let value = values[node.inputs[index]] { return value }
        return node.inputs[index]
      }
      /// A constant that is added.
      func addend(_ index: Int) -> ValueID? { isInside(index) || keepsConstants ? operand(index) : nil }
      switch node.op {
      case .binary(.add): values[id] = sum(addend(0), addend(1), name: node.name)
      case .binary(.sub):
        let negated = addend(1).map { append(.unary(.neg), $0, name: node.name) }
        values[id] = sum(addend(0), negated, name: node.name)
      case .affine:
        let scaled = operand(0).map { append(.binary(.mul), $0, node.inputs[1], name: node.name) }
        values[id] = sum(scaled, addend(2), name: node.name)
      case .linear:
        let turned = operand(0).map { product($0, node.inputs[1], name: node.name) }
        values[id] = sum(turned, node.inputs.count == 3 ? addend(2) : nil, name: node.name)
      default:
        // Negation, products and quotients of zero are zero.
        let operands = node.inputs.indices.map { operand($0) }
        values[id] =
          operands.contains(nil) ? .some(nil) : append(node.op, operands.compactMap { $0 }, name: node.name)
      }
    }
    return values[region.nodes[region.nodes.count - 1]] ?? nil
  }

  /// The product of rows, or of a constant that stands for one, with a matrix.
  private mutating func product(_ x: ValueID, _ matrix: ValueID, name: String) -> ValueID {
    let shape = type(matrix).shape
    if type(x).shape.last == shape[1] {
      let row = type(x).rank > 1 ? x : append(.reshape([.fixed(1), shape[1]]), x, name: "\(name).row")
      return append(.linear, row, matrix, name: name)
    }
    // One number for all channels.
    let sums = append(.reduce(.sum), matrix, name: "\(name).sums")
    let row = append(.reshape([.fixed(1), shape[0]]), sums, name: "\(name).row")
    return append(.binary(.mul), row, x, name: name)
  }

  private mutating func sum(_ a: ValueID?, _ b: ValueID?, name: String) -> ValueID? {
    guard let a, let b else { return a ?? b }
    return append(.binary(.add), a, b, name: name)
  }
}
