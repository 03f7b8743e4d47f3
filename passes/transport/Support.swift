import ActIR
import ActStatistics

extension SteeringMethod {
  /// The transport function under a support: where it is bounded, `y = low ≤ x ≤ high ? transport(x) : x`. Of
  /// a function that moves images by their means, the means are tested.
  ///
  /// - Parameters:
  ///   - support: where the map applies.
  ///   - settings: what is chosen of the method; nil: its defaults.
  /// - Returns: the parsed function.
  /// - Throws: what is wrong with the method's text.
  package func transport(_ support: Support, _ settings: MethodSettings? = nil) throws -> Graph {
    var function = try Graph(parsing: settings.map { transport($0) } ?? transport)
    guard case .quantiles = support, let x = function.inputs.first(where: { function[$0].name == "x" }) else {
      return function
    }
    let channel = TensorType(.f32, [function.type(x).shape[1]])
    let y = function.results[0].value
    let low = function.append(Node(.input(name: "low"), [], channel, name: "low"))
    let high = function.append(Node(.input(name: "high"), [], channel, name: "high"))
    let tested = function.order.first { function[$0].op == .pixelMean && function[$0].inputs == [x] } ?? x
    let above = function.append(.binary(.ge), tested, low, name: "above")
    let below = function.append(.binary(.le), tested, high, name: "below")
    let inside = function.append(.binary(.and), above, below, name: "inside")
    let gated = function.append(.select, inside, y, x, name: "gated")
    function.removeResults()
    function.addResult("y", gated)
    return function
  }
}

extension SteeringMethod {
  /// The functions that a map file carries under a support, of what is chosen of the method; by default its defaults.
  package func functions(_ support: Support, _ settings: MethodSettings? = nil) throws -> MapFunctions {
    MapFunctions(transport: try transport(support, settings), score: try score.map { try Graph(parsing: $0) })
  }
}

/// The functions of a map: what it does to an activation, and what conditions test of it.
package struct MapFunctions: Sendable {
  package var transport: Graph
  package var score: Graph?

  package init(transport: Graph, score: Graph? = nil) {
    self.transport = transport
    self.score = score
  }

  /// The names of the parameters, those of the transport first.
  package var parameterNames: [String] {
    let transported = transport.inputs.map { transport[$0].name }.filter { $0 != "x" && $0 != "strength" }
    let scored = score.map { score in score.inputs.map { score[$0].name } } ?? []
    return transported + scored.filter { $0 != "x" && !transported.contains($0) }
  }

  /// The types of all parameters where `x` has this type, by name; see `Graph.parameterTypes(at:shapes:)`.
  package func parameterTypes(
    at type: TensorType, shapes: [String: [Int]]
  ) throws(ParameterMismatch) -> [String: TensorType] {
    var types = try transport.parameterTypes(at: type, shapes: shapes)
    for (name, type) in try score?.parameterTypes(at: type, shapes: shapes) ?? [:] {
      if let other = types.updateValue(type, forKey: name), other != type {
        throw ParameterMismatch(parameter: name, expected: "\(other)", found: "\(type)")
      }
    }
    return types
  }
}

/// Gathers what a bounded support needs: the source samples of each channel.
package struct SupportAccumulator: Sendable {
  private let support: Support
  private var samples: ChannelSamples

  /// Of a site of `width` channels; with a `capacity`, a sketch of the samples of that many rows a level.
  package init(_ support: Support, width: Int, capacity: Int? = nil) {
    self.support = support
    samples = ChannelSamples(width: width, capacity: capacity)
  }

  /// Takes samples of the source, row-major.
  package mutating func observe(_ rows: [Float], using loop: ConcurrentLoop = .serial) {
    if case .quantiles = support { samples.observe(rows, using: loop) }
  }

  /// `low` and `high`, or nothing where the support is unbounded.
  package func finish(using loop: ConcurrentLoop = .serial) -> [String: MapParameter] {
    guard case .quantiles(let lower, let upper) = support else { return [:] }
    let width = samples.width
    var bounds = [Float](repeating: 0, count: 2 * width)
    bounds.withUnsafeMutableBufferPointer { bounds in
      let bounds = bounds
      ChannelSamples.forEachChannel(of: samples, using: loop) { channel, samples in
        let sorted = samples[0].sorted
        bounds[channel] = Float(percentile(sorted, lower))
        bounds[width + channel] = Float(percentile(sorted, upper))
      }
    }
    return ["low": MapParameter(Array(bounds[..<width])), "high": MapParameter(Array(bounds[width...]))]
  }

  /// A percentile by linear interpolation between the order statistics.
  private func percentile(_ sorted: UnsafeMutableBufferPointer<Double>, _ percent: Double) -> Double {
    let position = percent / 100 * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
