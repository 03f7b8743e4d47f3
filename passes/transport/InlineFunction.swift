import ActIR

/// A function of a map file, about to be copied into a graph: a transport or a score.
struct MapFunction {
  /// What it is, as errors begin: `map`, `score`.
  var kind: String
  /// The name of the map or of the score, with which the names of its nodes begin.
  var name: String
  var function: Graph
  /// The shape of each parameter at each site.
  var shapes: [String: [String: [Int]]]
  /// By which its parameters are found.
  var owner: String

  /// The types of the parameters at a site; see `Graph.parameterTypes(at:shapes:)`.
  func parameterTypes(at site: String, of type: TensorType) throws(TransportError) -> [String: TensorType] {
    do {
      return try function.parameterTypes(at: type, shapes: shapes[site] ?? [:])
    } catch {
      throw TransportError(problem: "\(kind) `\(name)` at \(site): \(error)")
    }
  }
}

extension Graph {
  /// Copies a function, its inputs the values of `inputs`, or where there is none parameters of its own.
  ///
  /// - Returns: its result.
  mutating func copy(
    _ source: MapFunction, at site: String, inputs: [String: ValueID]
  ) throws(TransportError) -> ValueID {
    let function = source.function
    var copies: [ValueID: ValueID] = [:]
    let x = type(inputs["x"]!)
    let parameters = try source.parameterTypes(at: site, of: x)
    let mostOfRow = max(Transport.mostElementsOfRow, Transport.mostTimesX * (x.elementsPerSymbol ?? 0))
    for id in function.order {
      let node = function[id]
      let name = "\(source.name).\(node.name)"
      if case .input(let parameter, _, _) = node.op {
        copies[id] =
          inputs[parameter]
          ?? append(
            Node(
              .mapParameter(map: source.owner, site: site, name: parameter), [], parameters[parameter]!,
              name: name))
        continue
      }
      let operands = node.inputs.map { copies[$0]! }
      func failure(_ expected: String, _ found: String) -> TransportError {
        TransportError(
          problem:
            "\(source.kind) `\(source.name)` at \(site): %\(node.name): expected \(expected), found \(found)")
      }
      let type: TensorType
      do {
        type = try node.op.resultType(of: operands.map { self.type($0) }) ?? node.type
      } catch {
        throw failure(error.expected, error.found)
      }
      let most = type.fixedCount == nil ? mostOfRow : Transport.mostElements
      guard let count = type.fixedCount ?? type.elementsPerSymbol, count <= most else {
        throw failure("at most \(most) numbers", "\(type)")
      }
      copies[id] = append(Node(node.op, operands, type, name: name))
    }
    return copies[function.results[0].value]!
  }
}
