import ActIR

/// The scores of a graph that transports are about to enter, and the gates made of them.
struct InsertedScores {
  /// What reads a site's own value, whatever is inserted after it.
  private(set) var readers: Set<ValueID> = []
  private var values: [String: (score: ValueID, sites: [(name: String, value: ValueID)])] = [:]
  /// Of each gated map, 1 for the tokens at which it acts and 0 for the others: `f32[T,1]`.
  private var open: [String: ValueID] = [:]

  /// Copies the scores into `graph`, and returns those that are asked for as its results.
  init(_ scores: [TokenScore], in graph: inout Graph) throws(TransportError) {
    let sites = Dictionary(
      graph.order.compactMap { id in graph[id].site.map { ($0, id) } }, uniquingKeysWith: { $1 })
    for score in scores {
      guard values[score.name] == nil else {
        throw TransportError(problem: "two scores are named `\(score.name)`")
      }
      try TokenScore.check(score.function)
      guard !score.sites.isEmpty else {
        throw TransportError(problem: "score `\(score.name)` has no sites")
      }
      let firstNew = graph.valueBound
      let mean = try graph.mean(of: score, sites)
      readers.formUnion((firstNew..<graph.valueBound).map { ValueID(index: $0) })
      values[score.name] = (mean, score.sites.map { ($0, sites[$0]!) })
      if score.isReturned { graph.addResult("score.\(score.name)", mean) }
    }
  }

  /// What the tokens of a value at a site are gated by: a mask that repeats to it; nil for a map without gates.
  mutating func mask(
    for transport: Transport, at site: String, of x: ValueID, in graph: inout Graph
  ) throws(TransportError) -> ValueID? {
    if transport.gates.isEmpty { return nil }
    let open: ValueID
    if let made = self.open[transport.name] {
      open = made
    } else {
      open = try makeGate(of: transport, in: &graph)
      self.open[transport.name] = open
    }
    return try graph.mask(open, for: transport.name, at: site, like: graph.type(x))
  }

  /// Checks that no score that gates a map is computed from what the map does.
  func check(_ transport: Transport, at site: String, of x: ValueID, in graph: Graph) throws(TransportError) {
    for name in transport.gates {
      for (scored, value) in values[name]?.sites ?? []
      where value != x && graph.upstream(of: [value]).contains(x) {
        throw TransportError(
          problem:
            "score `\(name)` at \(scored) comes after \(site), where map `\(transport.name)` acts by it; "
            + "choose an earlier site with --score-at \(name)=SITE")
      }
    }
  }

  private mutating func makeGate(
    of transport: Transport, in graph: inout Graph
  ) throws(TransportError) -> ValueID {
    let firstNew = graph.valueBound
    var inside: ValueID?
    for name in transport.gates {
      guard let score = values[name]?.score else {
        throw TransportError(problem: "map `\(transport.name)`: there is no score `\(name)`")
      }
      let test = graph.test(score, Gate(map: transport.name, score: name))
      inside = inside.map { graph.append(.binary(.and), $0, test, name: "\(transport.name).inside") } ?? test
    }
    let name = "\(transport.name).open"
    let one = graph.append(.constant(1), name: "\(name).one")
    let zero = graph.append(.constant(0), name: "\(name).zero")
    let open = graph.append(.select, inside!, one, zero, name: name)
    readers.formUnion((firstNew..<graph.valueBound).map { ValueID(index: $0) })
    return open
  }
}

extension Graph {
  /// A score's mean over its sites: `f32[T,1]`.
  fileprivate mutating func mean(
    of score: TokenScore, _ sites: [String: ValueID]
  ) throws(TransportError) -> ValueID {
    var sum: ValueID?
    for site in score.sites {
      func failure(_ problem: String) -> TransportError {
        TransportError(problem: "score `\(score.name)`: \(problem)")
      }
      guard let x = sites[site] else {
        throw failure("the model has no site `\(site)`; `actc sites` lists them")
      }
      guard type(x).rank == 2, case .symbol(let symbol) = type(x).shape[0],
        symbol == "T" || symbol == "R" && !score.isReturned
      else { throw failure("expected a site of all tokens, f32[T,D], found \(type(x)) at \(site)") }
      let function = MapFunction(
        kind: "score", name: score.name, function: score.function, shapes: score.shapes,
        owner: TokenScore.owner(of: score.name))
      let value = try copy(function, at: site, inputs: ["x": x])
      guard let sumSoFar = sum else {
        sum = value
        continue
      }
      guard type(sumSoFar) == type(value) else {
        throw failure(
          "expected sites of the same rows, found \(type(sumSoFar)) and \(type(value)) at \(site)")
      }
      sum = append(.binary(.add), sumSoFar, value, name: "\(score.name).sum")
    }
    if score.sites.count == 1 { return sum! }
    let share = append(.constant(1 / Float(score.sites.count)), name: "\(score.name).share")
    return append(.binary(.mul), sum!, share, name: "\(score.name).mean")
  }

  /// Whether a score is in the range of a gate. A range without ends holds every score, also one that is not a number.
  fileprivate mutating func test(_ score: ValueID, _ gate: Gate) -> ValueID {
    let name = "\(gate.map).\(gate.score)"
    let lower = append(.gateBound(gate, .lower), name: "\(name).lower")
    let upper = append(.gateBound(gate, .upper), name: "\(name).upper")
    let above = append(.binary(.ge), score, lower, name: "\(name).above")
    let below = append(.binary(.le), score, upper, name: "\(name).below")
    let inside = append(.binary(.and), above, below, name: "\(name).inside")
    // Known when the ends are set: whether both are infinite.
    let negative = append(.unary(.neg), lower, name: "\(name).negative")
    let nearer = append(.binary(.min), negative, upper, name: "\(name).nearer")
    let greatest = append(.constant(.greatestFiniteMagnitude), name: "\(name).greatest")
    let free = append(.binary(.gt), nearer, greatest, name: "\(name).free")
    return append(.binary(.or), inside, free, name: "\(name).test")
  }

  /// A mask of the rows of a value at a site, from a number for each token.
  fileprivate mutating func mask(
    _ open: ValueID, for map: String, at site: String, like type: TensorType
  ) throws(TransportError) -> ValueID {
    var open = open
    if self.type(open).shape[0] != type.shape[0] {
      guard self.type(open).shape[0] == .symbol("T"), type.shape[0] == .symbol("R"),
        let rows = inputs.first(where: { id in
          if case .input(_, let role, _) = self[id].op { role.isChoice } else { false }
        })
      else {
        throw TransportError(
          problem: "map `\(map)` at \(site): expected the rows of its gates' scores, found \(type)")
      }
      open = append(.takeRows, open, rows, name: "\(map).open")
    }
    if type.rank > 2 {
      let shape = [type.shape[0]] + Array(repeating: Dim.fixed(1), count: type.rank - 1)
      open = append(Node(.reshape(shape), [open], TensorType(.f32, shape), name: "\(map).open"))
    }
    let half = append(.constant(0.5), name: "\(map).half")
    return append(.binary(.gt), open, half, name: "\(map).mask")
  }
}
