import ActIR

/// The part of a graph that computes a frozen map which mixes channels: arithmetic that is affine in one value, `x`.
///
/// All that such a map does to rows it can do to the rows or columns of a weight, as it is written: no pass takes its
/// matrices apart.
struct MapRegion {
  /// The value that the map moves.
  let x: ValueID
  /// The nodes of the map in order, the last of which is its value.
  private(set) var nodes: [ValueID]

  /// The map's value.
  var value: ValueID { nodes[nodes.count - 1] }

  /// The map that moves `x`, a value which nothing else may read; nil where there is none.
  init?(behind x: ValueID, in graph: Graph, _ times: BindingTimes) {
    // Most values have no map behind them; to see that costs little.
    guard graph.matrixOfMapReads(x, times) else { return nil }
    self.x = x
    nodes = []
    var inside: Set<ValueID> = [x]
    // What is computed from a site's value is the model's own.
    var open = inside
    for id in graph.order where times[id].isOfCall && !graph[id].inputs.isEmpty {
      guard let operands = graph.operandsOfAffine(id, times), operands.allSatisfy(open.contains) else {
        continue
      }
      inside.insert(id)
      if graph[id].site == nil { open.insert(id) }
      nodes.append(id)
    }
    // One value leaves, and it is the last.
    let leaving = nodes.filter { id in
      graph.isResult(id) || graph.readers(of: id).contains { !inside.contains($0) }
    }
    guard leaving == nodes.suffix(1), !graph.isResult(x), graph.readers(of: x).allSatisfy(inside.contains),
      graph.type(value) == graph.type(x)
    else { return nil }
  }

  /// The longest map whose value is `value`; nil where there is none. Other nodes may read what it moves.
  init?(endingIn value: ValueID, in graph: Graph, _ times: BindingTimes) {
    // Most layers read no map; to see that costs little.
    guard graph.operandsOfAffine(value, times) != nil else { return nil }
    var positions: [ValueID: Int] = [:]
    for (position, id) in graph.order.enumerated() { positions[id] = position }
    var inside: Set<ValueID> = []
    var frontier: Set<ValueID> = [value]
    var longest: (x: ValueID, nodes: Set<ValueID>)?
    // From the value up, the last node first: all readers of a node are known when it is taken in.
    while let last = frontier.max(by: { positions[$0, default: 0] < positions[$1, default: 0] }) {
      let isInside =
        last == value
        || graph[last].site == nil && graph.readers(of: last).allSatisfy(inside.contains)
          && !graph.isResult(last)
      guard isInside, times[last].isOfCall, let operands = graph.operandsOfAffine(last, times) else { break }
      inside.insert(last)
      frontier.remove(last)
      frontier.formUnion(operands)
      if frontier.count == 1, inside.contains(where: graph.readsMatrixOfMap) {
        longest = (frontier[frontier.startIndex], inside)
      }
    }
    guard let longest else { return nil }
    x = longest.x
    nodes = longest.nodes.sorted { positions[$0, default: 0] < positions[$1, default: 0] }
    guard graph.type(value) == graph.type(x) else { return nil }
  }
}

// MARK: What is affine

extension Graph {
  /// Whether a node is a linear layer whose matrix is a map's.
  fileprivate func readsMatrixOfMap(_ id: ValueID) -> Bool {
    guard case .linear = self[id].op else { return false }
    return isOfMaps(self[id].inputs[1])
  }

  /// Whether a map's matrix reads `x`, or what is affine in x alone.
  fileprivate func matrixOfMapReads(_ x: ValueID, _ times: BindingTimes) -> Bool {
    var inside: Set<ValueID> = [x]
    var pending = [x]
    while let id = pending.popLast() {
      for reader in readers(of: id) {
        if readsMatrixOfMap(reader) { return true }
        guard let operands = operandsOfAffine(reader, times), operands.allSatisfy(inside.contains),
          inside.insert(reader).inserted
        else { continue }
        pending.append(reader)
      }
    }
    return false
  }

  /// The operands of the step that a node is affine in, where its others are constants; else nil.
  fileprivate func operandsOfAffine(_ id: ValueID, _ times: BindingTimes) -> [ValueID]? {
    let inputs = self[id].inputs
    let operands = inputs.filter { times[$0].isOfCall }
    let constants = inputs.filter { !times[$0].isOfCall }
    guard !operands.isEmpty, constants.allSatisfy({ times[$0] == .compile }) else { return nil }
    if self[id].op.isElementwise {
      guard constants.allSatisfy(isAlikeForRows) else { return nil }
    }
    let isAffine =
      switch self[id].op {
      case .binary(.add), .binary(.sub), .unary(.neg): true
      case .binary(.mul): operands.count == 1
      case .binary(.div), .affine: operands == [inputs[0]]
      case .linear: operands == [inputs[0]] && isOfMaps(inputs[1])
      default: false
      }
    return isAffine ? operands : nil
  }

  /// Whether a constant is the same for every row: others belong to the rows, which the weights do not have.
  private func isAlikeForRows(_ id: ValueID) -> Bool {
    let shape = type(id).shape
    return shape.count <= 1 || shape.count == 2 && shape[0] == .fixed(1)
  }
}

// MARK: Running it on weights

extension Graph {
  /// The map of `rows` that stand for x, or of zero where there are none; nil: the value is zero.
  ///
  /// - Parameters:
  ///   - region: the map.
  ///   - rows: what it moves.
  ///   - keepsConstants: whether the map's constants are added, or its linear part is run alone.
  /// - Returns: the map's value.
  mutating func run(_ region: MapRegion, on rows: ValueID?, keepsConstants: Bool) -> ValueID? {
    var values: [ValueID: ValueID?] = [region.x: rows]
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
    return values[region.value] ?? nil
  }

  /// The product of `rows`, functions of the map's value, with the map's linear part A: the same functions of x.
  ///
  /// It is computed as gradients are, from the map's value up, since A itself is nowhere.
  mutating func pull(_ rows: ValueID, through region: MapRegion) -> ValueID? {
    var pulled = [region.value: rows]
    let inside = Set(region.nodes).union([region.x])
    for id in region.nodes.reversed() {
      guard let row = pulled[id] else { continue }
      let node = self[id]
      func give(_ operand: Int, _ row: ValueID, in graph: inout Graph) {
        let id = node.inputs[operand]
        guard inside.contains(id) else { return }
        var row = row
        // One number that went to all channels takes the sum of what they give back.
        if graph.type(id).shape.last != graph.type(row).shape.last {
          row = graph.append(.reduce(.sum), row, name: node.name)
        }
        pulled[id] = graph.sum(pulled[id], row, name: node.name)
      }
      switch node.op {
      case .binary(.add):
        for operand in 0..<2 { give(operand, row, in: &self) }
      case .binary(.sub):
        give(0, row, in: &self)
        give(1, append(.unary(.neg), row, name: node.name), in: &self)
      case .unary: give(0, append(node.op, row, name: node.name), in: &self)
      case .binary(.mul):
        let operand = inside.contains(node.inputs[0]) ? 0 : 1
        give(operand, append(.binary(.mul), row, node.inputs[1 - operand], name: node.name), in: &self)
      case .binary(.div): give(0, append(.binary(.div), row, node.inputs[1], name: node.name), in: &self)
      case .affine: give(0, append(.binary(.mul), row, node.inputs[1], name: node.name), in: &self)
      case .linear:
        let transposed = append(.permute([1, 0]), node.inputs[1], name: "\(node.name).transposed")
        give(0, append(.linear, row, transposed, name: node.name), in: &self)
      default: return nil
      }
    }
    return pulled[region.x]
  }

  /// A constant that the map adds, as a value for each channel of x; nil where it is of another shape.
  mutating func vector(_ constant: ValueID, of region: MapRegion, name: String) -> ValueID? {
    guard let channels = type(region.x).shape.last else { return nil }
    let shape = type(constant).shape
    if shape == [channels] { return constant }
    return shape == [.fixed(1), channels] ? append(.reshape([channels]), constant, name: name) : nil
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
