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
/// `MODULE:delta`, is a site that only a map there gives a node. Where a map has gates, its readers see
/// `select MASK, %t, %n`, the mask made of scores that are inserted first and read the sites' own values.
public func insertTransports(_ transports: [Transport], scores: [TokenScore] = []) -> GraphPass {
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
    graph = graph.exposing(transports.flatMap(\.sites) + scores.flatMap(\.sites))
    var bare: [String: ValueID] = [:]
    for id in graph.order { if let site = graph[id].site { bare[site] = id } }
    var current = bare
    var inserted = try InsertedScores(scores, in: &graph)
    // Before anything is inserted, while what depends on what is as in the model.
    for transport in transports {
      for site in transport.sites {
        if let x = current[site] { try inserted.check(transport, at: site, of: x, in: graph) }
      }
    }
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
        current[site] = try graph.inline(transport, at: site, x: x, strength: strength, &inserted)
      }
    }
    // Who looks at a site sees what its readers do.
    for (site, y) in current where y != bare[site] && graph.isLive(y) {
      if let x = bare[site], graph.isLive(x) { graph.setSite(x, nil) }
      graph.setSite(y, site)
    }
    return !transports.isEmpty || !scores.isEmpty
  }
}

extension Graph {
  /// Copies the transport function after `x` and moves x's readers to its result.
  fileprivate mutating func inline(
    _ transport: Transport, at site: String, x: ValueID, strength: ValueID, _ scores: inout InsertedScores
  ) throws(TransportError) -> ValueID {
    let mask = try scores.mask(for: transport, at: site, of: x, in: &self)
    let firstNew = valueBound
    var y = try copy(transport.source, at: site, inputs: ["x": x, "strength": strength])
    guard y != x else { return x }
    if let mask { y = append(.select, mask, y, x, name: "\(transport.name).gated") }
    let new = Set((firstNew..<valueBound).map { ValueID(index: $0) })
    replace(x, with: y, except: new.union(scores.readers))
    return y
  }
}

extension Transport {
  fileprivate var source: MapFunction {
    MapFunction(kind: "map", name: name, function: function, shapes: shapes, owner: name)
  }

  /// The types of the parameters at a site; see `Graph.parameterTypes(at:shapes:)`.
  public func parameterTypes(
    at site: String, of type: TensorType
  ) throws(TransportError) -> [String: TensorType] {
    try source.parameterTypes(at: site, of: type)
  }
}
