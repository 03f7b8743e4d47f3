import ActIR

/// Inlines each map's transport function at its sites; every reader of the site's value sees the transported one.
///
///     %n = rms_norm %h, %g {site = "model.norm"}     %n = rms_norm %h, %g {site = "model.norm"}
///                                                    %w = map_parameter {map = "m", at = "model.norm", name = "slope"}
///                                                    %l = dial {name = "m"}
///                                                    %t = mul %n, %w ...
///     %y = linear %n, %v                         =>  %y = linear %t, %v
///
/// Maps at one site compose in the order given.
public func insertTransports(_ transports: [Transport]) -> GraphPass {
  GraphPass("insert-transports") { graph in
    var current: [String: ValueID] = [:]
    for id in graph.order { if let site = graph[id].site { current[site] = id } }
    for transport in transports {
      try Transport.check(transport.function)
      guard !transport.sites.isEmpty else { throw TransportError(problem: "map `\(transport.name)` has no sites") }
      let strength = graph.append(.dial(name: transport.name), name: transport.name)
      for site in transport.sites {
        guard let x = current[site] else {
          throw TransportError(
            problem: "map `\(transport.name)`: the model has no site `\(site)`; `actc sites` lists them")
        }
        current[site] = try graph.inline(transport, at: site, x: x, strength: strength)
      }
    }
    return !transports.isEmpty
  }
}

extension Graph {
  /// Copies the transport function behind `x` and moves x's readers to its result.
  fileprivate mutating func inline(
    _ transport: Transport, at site: String, x: ValueID, strength: ValueID
  ) throws(TransportError) -> ValueID {
    let function = transport.function
    var copies: [ValueID: ValueID] = [:]
    // The function's own symbols, `D` above all, stand for the sizes at this site.
    var sizes: [Dim: Dim] = [:]
    let declared = function.inputs.first { function[$0].name == "x" }.map { function.type($0).shape } ?? []
    for (symbol, size) in zip(declared, type(x).shape) { sizes[symbol] = size }
    let firstNew = valueBound
    for id in function.order {
      let node = function[id]
      let name = "\(transport.name).\(node.name)"
      guard case .input(let parameter) = node.op else {
        let inputs = node.inputs.map { copies[$0]! }
        do {
          let type = try node.op.resultType(of: inputs.map { self.type($0) }) ?? node.type
          copies[id] = append(Node(node.op, inputs, type, name: name))
        } catch {
          throw TransportError(
            problem: "map `\(transport.name)` at \(site): %\(node.name): expected \(error.expected), found \(error.found)")
        }
        continue
      }
      switch parameter {
      case "x": copies[id] = x
      case "strength": copies[id] = strength
      default:
        let type = TensorType(node.type.dtype, node.type.shape.map { sizes[$0] ?? $0 })
        copies[id] = append(
          Node(.mapParameter(map: transport.name, site: site, name: parameter), [], type, name: name))
      }
    }
    let y = copies[function.results[0].value]!
    guard y != x else { return x }
    replace(x, with: y, except: Set((firstNew..<valueBound).map { ValueID(index: $0) }))
    return y
  }
}
