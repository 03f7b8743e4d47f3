import ActFormats
import ActIR

/// The values that a graph's results have, computed op by op in double precision as the ops are documented: slow, plain,
/// and sharing nothing with the kernels.
package struct ReferenceValues {
  /// The value of every result, in order.
  package private(set) var results: [ReferenceTensor] = []
  /// How near the operands of any comparison came without being equal, over the sum of their magnitudes: with less
  /// precision than this, a mask may come out differently.
  package private(set) var narrowestMargin = Double.infinity

  private let graph: Graph
  private let sizes: [String: Int]
  /// How many rows each entry has, by the symbol that counts them; one entry has all of those that are not there.
  private let rowsOfEntries: [String: [Int]]
  private var values: [ValueID: ReferenceTensor] = [:]

  /// Evaluates a graph.
  ///
  /// - Parameters:
  ///   - graph: the graph.
  ///   - sizes: what its symbols stand for; others are 5.
  ///   - rowsOfEntries: how many rows each entry has, by the symbol that counts them; else one entry has all.
  ///   - leaves: the elements of an input, weight, map parameter or dial; where nil, they are made up from its name.
  package init(
    _ graph: Graph, sizes: [String: Int] = ["T": 3, "R": 2], rowsOfEntries: [String: [Int]] = [:],
    leaves: (Op) -> [Double]? = { _ in nil }
  ) {
    var (sizes, rowsOfEntries) = (sizes, rowsOfEntries)
    // Joined rows are those of entries that somebody must choose.
    let joins = graph.order.contains { id in
      if case .symbol(let symbol)? = graph.type(id).shape.first { symbol.contains("+") } else { false }
    }
    if joins, rowsOfEntries.isEmpty { rowsOfEntries = ["T": [2, 1], "P": [1, 3]] }
    for id in graph.order {
      guard case .symbol(let symbol)? = graph.type(id).shape.first, let parts = RowKind.parts(of: symbol),
        parts.count == 2, let text = rowsOfEntries["T"]
      else { continue }
      rowsOfEntries[symbol] = text.indices.map { entry in
        parts.reduce(0) { sum, part in
          switch part {
          case .ragged(let symbol): sum + (rowsOfEntries[symbol]?[entry] ?? 0)
          case .fixed(let count): sum + count
          }
        }
      }
    }
    for (symbol, counts) in rowsOfEntries {
      sizes[symbol] = counts.reduce(0, +)
      sizes["B"] = counts.count
    }
    self.graph = graph
    self.sizes = sizes
    self.rowsOfEntries = rowsOfEntries
    for id in graph.order {
      let node = graph[id]
      if let elements = leaves(node.op) {
        values[id] = ReferenceTensor(shape: shape(of: node.type), data: elements)
      } else {
        values[id] = value(of: node)
      }
    }
    results = graph.results.map { values[$0.value]! }
  }

  /// The value of every result, in order, for leaves made up from their names.
  package static func results(of graph: Graph) -> [ReferenceTensor] { ReferenceValues(graph).results }

  private func shape(of type: TensorType) -> [Int] {
    type.shape.map { dim in
      switch dim {
      case .fixed(let size): size
      case .symbol(let name): sizes[name] ?? 5
      }
    }
  }

  private func fill(_ shape: [Int], _ f: (Int) -> Double) -> ReferenceTensor {
    ReferenceTensor(shape: shape, data: (0..<shape.reduce(1, *)).map(f))
  }

  /// Numbers from -1 to 1 that depend on the name alone; small whole ones for integers.
  private func leaf(_ name: String, _ type: TensorType) -> ReferenceTensor {
    var random = SplitMix64(state: name.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) })
    return fill(shape(of: type)) { _ in
      switch type.dtype {
      case .i32: Double(Int.random(in: 0..<2, using: &random))
      case .bool: Double(Int.random(in: 0..<2, using: &random))
      default: Double.random(in: -1...1, using: &random)
      }
    }
  }

  private mutating func value(of node: Node) -> ReferenceTensor {
    let inputs = node.inputs.map { values[$0]! }
    let shape = shape(of: node.type)
    func make(_ f: (_ row: Int, _ column: Int) -> Double) -> ReferenceTensor {
      let width = shape.last ?? 1
      return fill(shape) { f($0 / width, $0 % width) }
    }
    func product(_ windows: Windows, _ row: Int, _ column: Int) -> Double {
      windows.product(
        of: inputs[0], with: inputs[1], at: ReferenceTensor.coordinates(row, Array(shape.dropLast())), column)
    }
    func product(_ row: Int, _ column: Int) -> Double {
      (0..<inputs[0].width).reduce(0) { $0 + inputs[0][row, $1] * inputs[1][column, $1] }
    }
    switch node.op {
    case .input(let name, _, _), .weight(let name): return leaf(name, node.type)
    case .mapParameter(let map, let site, let name): return leaf("\(map)/\(site)/\(name)", node.type)
    case .dial(let name, _): return leaf("dial \(name)", node.type)
    case .gateBound(let gate, let end):
      return leaf("gate \(gate.map) \(gate.score) \(end.rawValue)", node.type)
    case .constant(let value): return fill([]) { _ in Double(value) }
    case .unary, .binary, .select, .affine, .fused:
      var body = ReferenceBody(node)
      defer { narrowestMargin = min(narrowestMargin, body.narrowestMargin) }
      return fill(shape) { index in body.value(inputs.map { $0.element(at: index, of: shape) }) }
    case .linear: return make { product($0, $1) + (inputs.count > 2 ? inputs[2].data[$1] : 0) }
    case .linearEpilogue:
      var body = ReferenceBody(node)
      defer { narrowestMargin = min(narrowestMargin, body.narrowestMargin) }
      return make { row, column in
        let index = row * shape[shape.count - 1] + column
        let operands = inputs.dropFirst(2).map { $0.element(at: index, of: shape) }
        return body.value([product(row, column)] + operands)
      }
    case .choose(let count):
      let scores = inputs[0]
      return make { row, place in
        // Of equal scores the first is the greater.
        let order = (0..<scores.width).sorted { (-scores[row, $0], $0) < (-scores[row, $1], $1) }
        return Double(order.prefix(count)[place])
      }
    case .takeChannels: return make { inputs[0][$0, Int(inputs[1][$0, $1])] }
    case .expertLinear:
      let (x, w) = (inputs[0], inputs[1])
      let rowsPerX = shape.dropLast().reduce(1, *) / (x.data.count / x.width)
      return make { row, column in
        (0..<x.width).reduce(0) { sum, channel in
          sum + x[row / rowsPerX, channel] * w[[Int(inputs[2].data[row]), column, channel]]
        }
      }
    case .weightedSum:
      return make { row, column in
        (0..<inputs[1].width).reduce(0) { $0 + inputs[1][row, $1] * inputs[0][[row, $1, column]] }
      }
    case .stack: return ReferenceTensor(shape: shape, data: inputs.flatMap(\.data))
    case .conv(let windows):
      return make { product(windows, $0, $1) + (inputs.count > 2 ? inputs[2].data[$1] : 0) }
    case .convEpilogue(let windows, _):
      var body = ReferenceBody(node)
      defer { narrowestMargin = min(narrowestMargin, body.narrowestMargin) }
      return make { row, column in
        let index = row * shape[shape.count - 1] + column
        let operands = inputs.dropFirst(2).map { $0.element(at: index, of: shape) }
        return body.value([product(windows, row, column)] + operands)
      }
    case .upsampleNearest(let height, let width):
      return fill(shape) { index in
        var coordinates = ReferenceTensor.coordinates(index, shape)
        coordinates[1] = coordinates[1] * inputs[0].shape[1] / height
        coordinates[2] = coordinates[2] * inputs[0].shape[2] / width
        return inputs[0][coordinates]
      }
    case .averagePool(let pooling):
      return fill(shape) { index in
        let coordinates = ReferenceTensor.coordinates(index, shape)
        let pixels = pooling.windows.pixels(coordinates, inputs[0].shape)
        let sum = pixels.reduce(0) { $0 + inputs[0][[coordinates[0], $1.y, $1.x, coordinates[3]]] }
        return sum / Double(pooling.counts == .window ? pooling.windows.pixelCount : pixels.count)
      }
    case .moments:
      let x = inputs[0]
      let rows = x.shape.dropFirst().dropLast().reduce(1, *)
      return fill(shape) { index in
        let coordinates = ReferenceTensor.coordinates(index, shape)
        let values = (0..<rows).map { x[coordinates[0] * rows + $0, coordinates[2]] }
        let mean = values.reduce(0, +) / Double(rows)
        guard coordinates[1] == 1 else { return mean }
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      }
    case .pixelMean:
      let x = inputs[0]
      let rows = x.shape.dropFirst().dropLast().reduce(1, *)
      return fill(shape) { index in
        let coordinates = ReferenceTensor.coordinates(index, shape)
        guard shape != x.shape else { return x[coordinates] }
        return (0..<rows).reduce(0) { $0 + x[coordinates[0] * rows + $1, coordinates[3]] } / Double(rows)
      }
    case .rmsNorm(let eps): return norm(inputs, eps: Double(eps), centred: false)
    case .layerNorm(let eps): return norm(inputs, eps: Double(eps), centred: true)
    case .sinusoids(let s):
      let half = s.width / 2
      return make { row, column in
        let exponent = -Double(column % half) / (Double(half) - s.offset)
        let angle = inputs[0].data[row] * ReferenceBody.exp(exponent * ReferenceBody.log(s.base))
        return column < half ? ReferenceBody.cos(angle) : ReferenceBody.sin(angle)
      }
    case .ropeTable(let rope):
      let half = rope.width / 2
      return make { row, column in
        let angle = inputs[0].data[row] * ReferenceBody.frequency(rope, pair: column % half)
        return rope.amplitude * (column < half ? ReferenceBody.cos(angle) : ReferenceBody.sin(angle))
      }
    case .rope(let width, let pairs):
      let half = inputs[1].width / 2
      return make { row, column in
        let channel = column % width
        guard channel < 2 * half else { return inputs[0][row, column] }
        if pairs == .interleaved {
          let isFirst = channel % 2 == 0
          let other = isFirst ? -inputs[0][row, column + 1] : inputs[0][row, column - 1]
          return inputs[0][row, column] * inputs[1][row, channel / 2] + other
            * inputs[1][row, half + channel / 2]
        }
        let other = channel < half ? -inputs[0][row, column + half] : inputs[0][row, column - half]
        return inputs[0][row, column] * inputs[1][row, channel % half]
          + other * inputs[1][row, half + channel % half]
      }
    // Keys, then values.
    case .kvAppend, .kvPack:
      return ReferenceTensor(shape: [2] + inputs[0].shape, data: inputs.flatMap(\.data))
    case .attention(let attention): return attend(attention, node)
    case .relativeRows(let distance):
      return make { row, column in inputs[0][bucket(row - distance, inputs[0].shape[0], distance), column] }
    case .embedding: return make { inputs[0][Int(inputs[1].data[$0]), $1] }
    case .takeRows: return make { inputs[0][Int(inputs[1].data[$0]), $1] }
    case .joinRows:
      let parts = node.inputs.map { entries(Array(graph.type($0).shape.dropLast())) }
      let rows = zip(parts[0], parts[1]).flatMap { text, image in
        text.map { (inputs[0], $0) } + image.map { (inputs[1], $0) }
      }
      return make { rows[$0].0[rows[$0].1, $1] }
    case .partRows(let leading):
      let all = entries(Array(graph.type(node.inputs[0]).shape.dropLast()))
      let rows = zip(entries([.symbol("T")]), all).flatMap { text, all in
        leading == [.symbol("T")] ? all.prefix(text.count) : all.dropFirst(text.count)
      }
      return make { inputs[0][rows[$0], $1] }
    case .slice(let slice):
      return fill(shape) { index in
        var coordinates = ReferenceTensor.coordinates(index, shape)
        coordinates[slice.axis ?? shape.count - 1] += slice.start
        return inputs[0][coordinates]
      }
    case .scaleRows: return make { inputs[0][$0, $1] * inputs[1].data[$0] }
    case .scaleColumns: return make { inputs[0][$0, $1] * inputs[1].data[$1] }
    case .matvec:
      return make { _, row in
        (0..<inputs[0].shape[1]).reduce(0) { $0 + inputs[0][row, $1] * inputs[1].data[$1] }
      }
    case .concat(let axis):
      return fill(shape) { index in
        var coordinates = ReferenceTensor.coordinates(index, shape)
        for input in inputs {
          if coordinates[axis] < input.shape[axis] {
            return input[zip(coordinates, input.shape).map { $1 == 1 ? 0 : $0 }]
          }
          coordinates[axis] -= input.shape[axis]
        }
        preconditionFailure("past the end")
      }
    case .permute(let axes):
      return fill(shape) { index in
        let coordinates = ReferenceTensor.coordinates(index, shape)
        var own = coordinates
        for (axis, source) in axes.enumerated() { own[source] = coordinates[axis] }
        return inputs[0][own]
      }
    case .reshape: return ReferenceTensor(shape: shape, data: inputs[0].data)
    case .reduce(let function): return make { row, _ in reduce(function, inputs[0], row) }
    case .softmax:
      let x = inputs[0]
      return make { row, column in
        let highest = reduce(.max, x, row)
        let sum = (0..<x.width).reduce(0) { $0 + ReferenceBody.exp(x[row, $1] - highest) }
        return ReferenceBody.exp(x[row, column] - highest) / sum
      }
    case .interpolate:
      return make { row, column in
        let x = inputs[0][row, column]
        let points = (0..<inputs[1].shape[0]).map { (inputs[1][$0, column], inputs[2][$0, column]) }
        guard let left = points.lastIndex(where: { $0.0 <= x }) else { return points[0].1 }
        guard left + 1 < points.count else { return points[left].1 }
        let (from, to) = (points[left], points[left + 1])
        return from.1 + (x - from.0) / (to.0 - from.0) * (to.1 - from.1)
      }
    case .cast, .pack: return inputs[0]
    }
  }

  private func norm(_ inputs: [ReferenceTensor], eps: Double, centred: Bool) -> ReferenceTensor {
    let x = inputs[0]
    let width = x.width
    var out = x
    for row in 0..<x.data.count / width {
      let mean = centred ? (0..<width).reduce(0) { $0 + x[row, $1] } / Double(width) : 0
      let square = (0..<width).reduce(0) { $0 + (x[row, $1] - mean) * (x[row, $1] - mean) } / Double(width)
      for column in 0..<width {
        let index = row * width + column
        let gain = inputs.count > 1 ? inputs[1].element(at: index, of: x.shape) : 1
        let bias = inputs.count > 2 ? inputs[2].element(at: index, of: x.shape) : 0
        out.data[index] = (x[row, column] - mean) / (square + eps).squareRoot() * gain + bias
      }
    }
    return out
  }

  private func reduce(_ function: ReduceFunction, _ x: ReferenceTensor, _ row: Int) -> Double {
    let channels = (0..<x.width).map { x[row, $0] }
    return switch function {
    case .sum: channels.reduce(0, +)
    case .mean: channels.reduce(0, +) / Double(channels.count)
    case .max: channels.max() ?? 0
    case .min: channels.min() ?? 0
    }
  }

  /// T5's bucket of a relative position.
  private func bucket(_ position: Int, _ count: Int, _ distance: Int) -> Int {
    let half = count / 2
    let near = half / 2
    let first = position > 0 ? half : 0
    guard abs(position) >= near else { return first + abs(position) }
    let far =
      ReferenceBody.log(Double(abs(position)) / Double(near))
      / ReferenceBody.log(Double(distance) / Double(near))
    // Where a bucket begins at a whole number, rounding must not put it beyond.
    return first + min(half - 1, near + Int(far * Double(half - near) + 1e-9))
  }

  /// The rows of each entry in a value whose axes before the channels these are: those of a cache are one sequence.
  private func entries(_ leading: [Dim]) -> [Range<Int>] {
    let rows = shape(of: TensorType(.f32, leading)).reduce(1, *)
    guard case .symbol(let symbol) = leading[0] else { return [0..<rows] }
    let count = sizes["B"] ?? 5
    let counts =
      symbol == "B" ? [Int](repeating: rows / count, count: count) : rowsOfEntries[symbol] ?? [rows]
    var first = 0
    return counts.map { count in
      defer { first += count }
      return first..<first + count
    }
  }

  /// Attention within entries; window, cap and bias as documented.
  private func attend(_ a: Attention, _ node: Node) -> ReferenceTensor {
    let inputs = node.inputs.map { values[$0]! }
    let (qType, type) = (graph.type(node.inputs[0]), graph.type(node.inputs[1]))
    let (q, kv) = (inputs[0], inputs[1])
    let rows = kv.data.count / 2 / kv.width
    func k(_ row: Int, _ column: Int) -> Double { kv.data[row * kv.width + column] }
    func v(_ row: Int, _ column: Int) -> Double { kv.data[(rows + row) * kv.width + column] }
    let width = type.shape.last!.fixed!
    let groups = kv.width / width
    let heads = q.width / width
    let radius = inputs.count > 2 ? inputs[2].width / 2 : nil
    var out = q
    let isCached = type.shape.first == .symbol("S")
    let own = entries(Array(qType.shape.dropLast()))
    let all = isCached ? own : entries(Array(type.shape.dropLast(2)))
    for (own, all) in zip(own, all) {
      for (row, head) in own.flatMap({ row in (0..<heads).map { (row, $0) } }) {
        let group = head / (heads / groups)
        // Of rows of one kind, where the row's own keys are.
        let place = all.lowerBound + row - own.lowerBound
        let first = a.window > 0 ? max(all.lowerBound, place + 1 - a.window) : all.lowerBound
        let seen = first..<(a.visible == .all ? all.upperBound : place + 1)
        let scores = seen.map { past in
          let dot = (0..<width).reduce(0) { $0 + q[row, head * width + $1] * k(past, group * width + $1) }
          let score = dot * Double(a.scale)
          if let radius { return score + inputs[2][head, radius + max(-radius, min(radius, past - place))] }
          return a.softCap > 0 ? Double(a.softCap) * ReferenceBody.tanh(score / Double(a.softCap)) : score
        }
        let highest = scores.max() ?? 0
        let weights = scores.map { ReferenceBody.exp($0 - highest) }
        for channel in 0..<width {
          let sum = zip(seen, weights).reduce(0) { $0 + $1.1 * v($1.0, group * width + channel) }
          out.data[row * q.width + head * width + channel] = sum / weights.reduce(0, +)
        }
      }
    }
    return out
  }
}
