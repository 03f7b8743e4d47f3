import ActErrors

/// A graph cut at sites into segments that run one after another, each over all samples.
///
/// A segment computes the values at its sites, bare, and what later segments need of the values before them. These
/// carried values lie in records of floats, one for each row, chosen row or entry, whatever the symbol of their type
/// counts: a segment reads its inputs from them and writes its results over what nothing needs any more. What is cheap to compute again from the graph's inputs and other carried
/// values (norms, elementwise ops, rotary tables, embeddings) is computed again by each segment that reads it.
///
/// The values of a segment's sites enter the next one as they were, with their sites' names, so that a transport
/// inserted there acts as in the whole graph.
package struct SegmentedGraph: Sendable {
  /// A value in the record.
  package struct CarriedValue: Hashable, Sendable {
    /// The input of the segments that read it, the result of the one that writes it.
    package var name: String
    /// What has a record: `T`, `R` or `B`.
    package var symbol: String
    /// The floats of a record.
    package var columns: Range<Int>

    package init(name: String, symbol: String, columns: Range<Int>) {
      self.name = name
      self.symbol = symbol
      self.columns = columns
    }
  }

  package struct Segment: Sendable {
    /// The sites whose values are results, under their own names.
    package var sites: [String]
    package var graph: Graph
    package var reads: [CarriedValue]
    package var writes: [CarriedValue]
    /// The sites of earlier segments that this one computes, or reads bare: where maps are to be inserted.
    package var earlierSites: [String]
  }

  package private(set) var segments: [Segment] = []
  /// Floats of a record, by the symbol that counts the records.
  package private(set) var recordWidths: [String: Int] = [:]

  /// Cuts `graph` after each group of sites. Groups are in order of execution, and no site of one is upstream of
  /// another in the same group, but for the last.
  ///
  /// - Throws: `SegmentError` for a site that the graph does not have.
  package init(_ graph: Graph, at groups: [[String]]) throws(SegmentError) {
    var cutter = GraphCutter(graph)
    var values: [[ValueID]] = []
    for group in groups {
      var found: [ValueID] = []
      for site in group {
        guard let value = cutter.values[site] else {
          throw SegmentError(description: "the graph has no site `\(site)`")
        }
        found.append(value)
      }
      values.append(found)
    }
    segments = cutter.cut(groups: zip(groups, values).map { ($0, $1) })
    recordWidths = cutter.recordWidths
  }
}

/// A graph that cannot be cut.
package struct SegmentError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .usage }
  package var description: String
}

extension Graph {
  /// Groups sites, given in order of execution, so that no site of a group is upstream of another: layers side by
  /// side, as `q_proj` and `k_proj`, are one group.
  package func independentGroups(of sites: [String]) -> [[String]] {
    var values: [String: ValueID] = [:]
    for id in order { if let site = self[id].site { values[site] = id } }
    var groups: [[String]] = []
    var members: Set<ValueID> = []
    for site in sites {
      guard let value = values[site] else {
        groups.append([site])
        members = []
        continue
      }
      if !groups.isEmpty, !members.isEmpty, members.isDisjoint(with: upstream(of: [value])) {
        groups[groups.count - 1].append(site)
        members.insert(value)
      } else {
        groups.append([site])
        members = [value]
      }
    }
    return groups
  }

  /// `values` and everything that they are computed from.
  package func upstream(of values: [ValueID]) -> Set<ValueID> {
    var found = Set(values)
    var pending = values
    while let id = pending.popLast() {
      for input in self[id].inputs where found.insert(input).inserted { pending.append(input) }
    }
    return found
  }
}

private struct GraphCutter {
  let graph: Graph
  let order: [ValueID]
  /// The node of each site.
  let values: [String: ValueID]
  /// Whether a value depends on a call's inputs.
  private let isOfCall: [Bool]
  /// Whether a value can be computed again from the graph's inputs alone.
  private var isFree: [Bool]
  /// Where the carried values of the last cut lie.
  private var places: [ValueID: Range<Int>] = [:]
  private(set) var recordWidths: [String: Int] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    order = graph.order
    var values: [String: ValueID] = [:]
    for id in order { if let site = graph[id].site { values[site] = id } }
    self.values = values
    let isOfCall = graph.bindingTimes().map(\.isOfCall)
    var isFree = isOfCall.map { _ in false }
    for id in order where isOfCall[id.index] {
      let node = graph[id]
      if case .input = node.op { isFree[id.index] = true }
      isFree[id.index] =
        isFree[id.index]
        || node.op.traits.flags.contains(.cheap)
          && node.inputs.allSatisfy { !isOfCall[$0.index] || isFree[$0.index] }
    }
    self.isOfCall = isOfCall
    self.isFree = isFree
  }

  mutating func cut(groups: [(sites: [String], values: [ValueID])]) -> [SegmentedGraph.Segment] {
    var segments: [SegmentedGraph.Segment] = []
    var done: Set<ValueID> = []
    var carried: [ValueID] = []
    // Sites whose maps are not yet in the values carried.
    var fresh: Set<ValueID> = []
    var earlier: [ValueID: String] = [:]
    for (index, group) in groups.enumerated() {
      done.formUnion(graph.upstream(of: group.values).filter { isOfCall[$0.index] })
      let later = graph.upstream(of: groups[(index + 1)...].flatMap(\.values)).subtracting(done)
      let next = reduced(
        order.filter { id in done.contains(id) && graph.readers(of: id).contains(where: later.contains) })
      let kept = Set(carried).intersection(next).subtracting(fresh)
      let reads = carried
      let readPlaces = places
      place(next, keeping: kept)
      let written = next.filter { !kept.contains($0) }
      var segment = SegmentedGraph.Segment(
        sites: group.sites, graph: Graph(name: graph.name), reads: [], writes: [], earlierSites: [])
      build(&segment, group.values, reading: reads, at: readPlaces, fresh: fresh, writing: written)
      let labels = Set(segment.graph.order.compactMap { segment.graph[$0].site })
      segment.earlierSites = order.compactMap { earlier[$0] }.filter(labels.contains)
      segments.append(segment)
      carried = next
      fresh = Set(group.values)
      for (site, value) in zip(group.sites, group.values) { earlier[value] = site }
    }
    return segments
  }

  /// The values among `live`, or ones before them, from which the others follow cheaply.
  ///
  /// A cheap value gives way to its operands where these are no wider; so a norm at a site is computed again with its
  /// map folded in. One that cannot be carried gives way always.
  private func reduced(_ live: [ValueID]) -> [ValueID] {
    var kept = Set(live)
    for id in order.reversed() where kept.contains(id) {
      kept.remove(id)
      if follows(id, from: kept) { continue }
      let operands = graph[id].inputs.filter { isOfCall[$0.index] && !isFree[$0.index] && !kept.contains($0) }
      let width = Set(operands).reduce(0) { $0 + self.width($1) }
      if graph[id].op.traits.flags.contains(.cheap) && width <= self.width(id) || !canCarry(id) {
        kept.formUnion(operands)
      } else {
        kept.insert(id)
      }
    }
    return order.filter(kept.contains)
  }

  private func width(_ id: ValueID) -> Int { graph.type(id).elementsPerSymbol ?? 0 }

  /// A view has no bytes of its own, and only f32 is carried.
  private func canCarry(_ id: ValueID) -> Bool {
    if graph[id].op.traits.flags.contains(.view) { return false }
    return graph.type(id).dtype == .f32 && graph.type(id).isRows
  }

  private func follows(_ id: ValueID, from kept: Set<ValueID>) -> Bool {
    if isFree[id.index] || !isOfCall[id.index] { return true }
    return graph[id].op.traits.flags.contains(.cheap)
      && graph[id].inputs.allSatisfy { kept.contains($0) || follows($0, from: kept) }
  }

  /// Gives every carried value columns of the record; those of `kept` stay where they are.
  private mutating func place(_ values: [ValueID], keeping kept: Set<ValueID>) {
    places = places.filter { kept.contains($0.key) }
    for id in values where !kept.contains(id) {
      let (width, symbol) = (width(id), symbol(id))
      var start = 0
      let others = places.filter { self.symbol($0.key) == symbol }.values
      for taken in others.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if start + width <= taken.lowerBound { break }
        start = max(start, taken.upperBound)
      }
      places[id] = start..<start + width
      recordWidths[symbol] = max(recordWidths[symbol, default: 0], start + width)
    }
  }

  private func name(_ id: ValueID) -> String { "carried\(id.index)" }

  /// What counts the rows of a value that is carried.
  private func symbol(_ id: ValueID) -> String {
    guard case .symbol(let symbol)? = graph.type(id).shape.first else {
      preconditionFailure("rows are carried")
    }
    return symbol
  }

  private func build(
    _ segment: inout SegmentedGraph.Segment, _ sites: [ValueID], reading carried: [ValueID],
    at readPlaces: [ValueID: Range<Int>], fresh: Set<ValueID>, writing written: [ValueID]
  ) {
    let carried = Set(carried)
    var needed = Set(sites + written)
    var pending = Array(needed)
    while let id = pending.popLast() {
      if carried.contains(id) { continue }
      for input in graph[id].inputs where needed.insert(input).inserted { pending.append(input) }
    }
    var copies: [ValueID: ValueID] = [:]
    var caches = 0
    for id in order where needed.contains(id) {
      var node = graph[id]
      if carried.contains(id) {
        let input = Op.input(name: name(id))
        node = Node(input, [], node.type, name: name(id), site: fresh.contains(id) ? node.site : nil)
        segment.reads.append(.init(name: name(id), symbol: symbol(id), columns: readPlaces[id]!))
      } else {
        node.inputs = node.inputs.map { copies[$0]! }
        // A segment has caches of its own, for the sequences of one batch.
        if case .kvAppend(let keyValues, _) = node.op {
          node.op = .kvAppend(keyValues, cache: caches)
          caches += 1
        }
      }
      copies[id] = segment.graph.append(node)
    }
    for (site, id) in zip(segment.sites, sites) { segment.graph.addResult(site, copies[id]!) }
    for id in written {
      segment.graph.addResult(name(id), copies[id]!)
      segment.writes.append(.init(name: name(id), symbol: symbol(id), columns: places[id]!))
    }
  }
}
