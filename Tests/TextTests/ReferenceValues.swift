import ActFormats
import ActIR
import Workbench

/// A tensor in double precision, rows outermost; masks are 0 and 1.
struct ReferenceTensor {
  var shape: [Int]
  var data: [Double]

  subscript(row: Int, column: Int) -> Double { data[row * (shape.last ?? 1) + column] }

  /// Whether all elements are equal up to a relative error of 1e-6; constants pass through f32. No number equals none.
  func isClose(to other: ReferenceTensor) -> Bool {
    guard shape == other.shape else { return false }
    let scale = other.data.reduce(1) { max($0, $1.isFinite ? abs($1) : 0) }
    return zip(data, other.data).allSatisfy { a, b in
      a == b || abs(a - b) <= 1e-6 * scale || a.isNaN && b.isNaN
    }
  }
}

/// The values that a graph's results have for leaves made up from their names, computed op by op as the ops are
/// documented: slow, plain, and sharing nothing with the kernels.
struct ReferenceValues {
  private let graph: Graph
  private var values: [ValueID: ReferenceTensor] = [:]

  /// The value of every result, in order.
  static func results(of graph: Graph) -> [ReferenceTensor] {
    var run = ReferenceValues(graph: graph)
    for id in graph.order { run.values[id] = run.value(of: graph[id]) }
    return graph.results.map { run.values[$0.value]! }
  }

  private init(graph: Graph) { self.graph = graph }

  private func sizes(_ type: TensorType) -> [Int] {
    type.shape.map { dim in
      switch dim {
      case .fixed(let size): size
      case .symbol("T"): 3
      case .symbol(let name): name == "R" ? 2 : 5
      }
    }
  }

  private func fill(_ type: TensorType, _ shape: [Int], _ f: (Int) -> Double) -> ReferenceTensor {
    ReferenceTensor(shape: shape, data: (0..<shape.reduce(1, *)).map(f))
  }

  /// Numbers from -1 to 1 that depend on the name alone; small whole ones for integers.
  private func leaf(_ name: String, _ type: TensorType) -> ReferenceTensor {
    var random = SplitMix64(state: name.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) })
    return fill(type, sizes(type)) { _ in
      switch type.dtype {
      case .i32: Double(Int.random(in: 0..<2, using: &random))
      case .bool: Double(Int.random(in: 0..<2, using: &random))
      default: Double.random(in: -1...1, using: &random)
      }
    }
  }

  private func value(of node: Node) -> ReferenceTensor {
    let inputs = node.inputs.map { values[$0]! }
    let shape = sizes(node.type)
    func make(_ f: (_ row: Int, _ column: Int) -> Double) -> ReferenceTensor {
      let width = shape.last ?? 1
      return fill(node.type, shape) { f($0 / width, $0 % width) }
    }
    func product(_ row: Int, _ column: Int) -> Double {
      (0..<inputs[0].shape[1]).reduce(0) { $0 + inputs[0][row, $1] * inputs[1][column, $1] }
    }
    switch node.op {
    case .input(let name), .weight(let name): return leaf(name, node.type)
    case .mapParameter(let map, let site, let name): return leaf("\(map)/\(site)/\(name)", node.type)
    case .dial(let name, _): return leaf("dial \(name)", node.type)
    case .constant(let value): return fill(node.type, []) { _ in Double(value) }
    case .unary, .binary, .select, .affine, .fused:
      let body = ReferenceBody(node)
      return fill(node.type, shape) { index in body.value(inputs.map { $0.data[index % $0.data.count] }) }
    case .linear: return make { product($0, $1) + (inputs.count > 2 ? inputs[2].data[$1] : 0) }
    case .linearEpilogue:
      let body = ReferenceBody(node)
      return make { row, column in
        let operands = inputs.dropFirst(2).map { $0.data[(row * shape[1] + column) % $0.data.count] }
        return body.value([product(row, column)] + operands)
      }
    case .rmsNorm(let eps): return norm(inputs, eps: Double(eps), centred: false)
    case .layerNorm(let eps): return norm(inputs, eps: Double(eps), centred: true)
    case .ropeTable: return make { row, column in (inputs[0].data[row] + Double(column)) / 4 }
    case .rope(let width):
      let half = inputs[1].shape[1] / 2
      return make { row, column in
        let channel = column % width
        guard channel < 2 * half else { return inputs[0][row, column] }
        let other = channel < half ? -inputs[0][row, column + half] : inputs[0][row, column - half]
        return inputs[0][row, column] * inputs[1][row, channel] + other
          * inputs[1][row, (channel + half) % (2 * half)]
      }
    case .attention(let attention): return attend(attention, inputs)
    case .embedding: return make { inputs[0][Int(inputs[1].data[$0]), $1] }
    case .takeRows: return make { inputs[0][Int(inputs[1].data[$0]), $1] }
    case .slice(let start, _): return make { inputs[0][$0, start + $1] }
    case .scaleRows: return make { inputs[0][$0, $1] * inputs[1].data[$0] }
    case .scaleColumns: return make { inputs[0][$0, $1] * inputs[1].data[$1] }
    case .matvec:
      return make { _, row in
        (0..<inputs[0].shape[1]).reduce(0) { $0 + inputs[0][row, $1] * inputs[1].data[$1] }
      }
    case .concat: return ReferenceTensor(shape: shape, data: inputs.flatMap(\.data))
    case .cast, .pack: return inputs[0]
    }
  }

  private func norm(_ inputs: [ReferenceTensor], eps: Double, centred: Bool) -> ReferenceTensor {
    let x = inputs[0]
    let width = x.shape[1]
    var out = x
    for row in 0..<x.shape[0] {
      let mean = centred ? (0..<width).reduce(0) { $0 + x[row, $1] } / Double(width) : 0
      let square = (0..<width).reduce(0) { $0 + (x[row, $1] - mean) * (x[row, $1] - mean) } / Double(width)
      for column in 0..<width {
        let bias = inputs.count > 2 ? inputs[2].data[column] : 0
        out.data[row * width + column] =
          (x[row, column] - mean) / (square + eps).squareRoot() * inputs[1].data[column] + bias
      }
    }
    return out
  }

  /// One sequence from its beginning; window and cap as documented.
  private func attend(_ a: Attention, _ inputs: [ReferenceTensor]) -> ReferenceTensor {
    let (q, k, v) = (inputs[0], inputs[1], inputs[2])
    var out = q
    for row in 0..<q.shape[0] {
      for head in 0..<a.heads {
        let group = head / (a.heads / a.keyValueHeads)
        let first = a.window > 0 ? max(0, row + 1 - a.window) : 0
        let scores = (first...row).map { past in
          let dot = (0..<a.headWidth).reduce(0) {
            $0 + q[row, head * a.headWidth + $1] * k[past, group * a.headWidth + $1]
          }
          let score = dot * Double(a.scale)
          return ReferenceBody.exp(
            a.softCap > 0 ? Double(a.softCap) * ReferenceBody.tanh(score / Double(a.softCap)) : score)
        }
        for channel in 0..<a.headWidth {
          let sum = zip(first...row, scores).reduce(0) { $0 + $1.1 * v[$1.0, group * a.headWidth + channel] }
          out.data[row * q.shape[1] + head * a.headWidth + channel] = sum / scores.reduce(0, +)
        }
      }
    }
    return out
  }
}
