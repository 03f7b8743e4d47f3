import ActIR

/// Inlines each map's transport function at its sites; every reader of the site's value sees the transported one.
///
///     %n = rms_norm %h, %g {site = "model.norm"}     %n = rms_norm %h, %g
///                                                    %w = map_parameter {map = "m", at = "model.norm", name = "slope"}
///                                                    %l = dial {name = "m"}
///                                                    %t = mul %n, %w ... {site = "model.norm"}
///     %y = linear %n, %v                         =>  %y = linear %t, %v
///
/// Maps at one site compose in the order given, and the site is what they make of it. What a module adds to its input,
/// `MODULE:delta`, is a site that only a map there gives a node.
public func insertTransports(_ transports: [Transport]) -> GraphPass {
  GraphPass("insert-transports") { graph in
    for (index, transport) in transports.enumerated() {
      if transports[..<index].contains(where: { $0.name == transport.name }) {
        throw TransportError(problem: "two maps are named `\(transport.name)`; a name stands for one dial")
      }
      try Transport.check(transport.function)
      guard !transport.sites.isEmpty else {
        throw TransportError(problem: "map `\(transport.name)` has no sites")
      }
    }
    graph = graph.exposing(transports.flatMap(\.sites))
    var bare: [String: ValueID] = [:]
    for id in graph.order { if let site = graph[id].site { bare[site] = id } }
    var current = bare
    for transport in transports {
      let strength = graph.append(
        .dial(name: transport.name, scope: transport.scope), name: transport.name)
      var done = Set<String>()
      for site in transport.sites {
        guard done.insert(site).inserted else {
          throw TransportError(problem: "map `\(transport.name)` names the site `\(site)` twice")
        }
        guard let x = current[site] else {
          throw TransportError(
            problem: "map `\(transport.name)`: the model has no site `\(site)`; `actc sites` lists them")
        }
        current[site] = try graph.inline(transport, at: site, x: x, strength: strength)
      }
    }
    // Who looks at a site sees what its readers do.
    for (site, y) in current where y != bare[site] && graph.isLive(y) {
      if let x = bare[site], graph.isLive(x) { graph.setSite(x, nil) }
      graph.setSite(y, site)
    }
    return !transports.isEmpty
  }
}

extension Graph {
  /// Copies the transport function after `x` and moves x's readers to its result.
  fileprivate mutating func inline(
    _ transport: Transport, at site: String, x: ValueID, strength: ValueID
  ) throws(TransportError) -> ValueID {
    let function = transport.function
    var copies: [ValueID: ValueID] = [:]
    let parameters = try transport.parameterTypes(at: site, of: type(x))
    let mostOfRow = max(
      Transport.mostElementsOfRow, Transport.mostTimesX * (type(x).elementsPerSymbol ?? 0))
    let firstNew = valueBound
    for id in function.order {
      let node = function[id]
      let name = "\(transport.name).\(node.name)"
      guard case .input(let parameter, _) = node.op else {
        let inputs = node.inputs.map { copies[$0]! }
        func failure(_ expected: String, _ found: String) -> TransportError {
          TransportError(
            problem: "map `\(transport.name)` at \(site): %\(node.name): expected \(expected), found \(found)"
          )
        }
        let type: TensorType
        do {
          type = try node.op.resultType(of: inputs.map { self.type($0) }) ?? node.type
        } catch {
          throw failure(error.expected, error.found)
        }
        let most = type.fixedCount == nil ? mostOfRow : Transport.mostElements
        guard let count = type.fixedCount ?? type.elementsPerSymbol, count <= most else {
          throw failure("at most \(most) numbers", "\(type)")
        }
        copies[id] = append(Node(node.op, inputs, type, name: name))
        continue
      }
      switch parameter {
      case "x": copies[id] = x
      case "strength": copies[id] = strength
      default:
        copies[id] = append(
          Node(
            .mapParameter(map: transport.name, site: site, name: parameter), [], parameters[parameter]!,
            name: name))
      }
    }
    let y = copies[function.results[0].value]!
    guard y != x else { return x }
    replace(x, with: y, except: Set((firstNew..<valueBound).map { ValueID(index: $0) }))
    return y
  }
}

extension Transport {
  /// The types of the parameters at a site; see `Graph.parameterTypes(at:shapes:)`.
  public func parameterTypes(
    at site: String, of type: TensorType
  ) throws(TransportError) -> [String: TensorType] {
    do {
      return try function.parameterTypes(at: type, shapes: shapes[site] ?? [:])
    } catch {
      throw TransportError(problem: "map `\(name)` at \(site): \(error)")
    }
  }
}
