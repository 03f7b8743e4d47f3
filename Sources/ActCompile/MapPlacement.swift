import ActFormats
import ActIR
import ActPasses

/// Where a map went when its model was compiled, and what it costs a step.
package struct MapPlacement: Hashable, Sendable {
  /// What computes a map at a site, from the cheapest to the dearest.
  package enum Place: String, Hashable, Sendable, CaseIterable {
    /// Nothing: at the strength at which it is frozen, the map changes no value.
    case nowhere
    /// The weights of the linear layer before the site.
    case weightsBefore = "weights_before"
    /// The weights of the linear layers after the site.
    case weightsAfter = "weights_after"
    /// The gain and bias of a norm.
    case norm
    /// The epilogue of a linear layer.
    case epilogue
    /// A fused elementwise node.
    case fused
    /// Nodes that are not fused.
    case nodes
  }

  package var map: String
  /// How many of the map's sites each place computes; a site that several compute counts for the dearest.
  package var sites: [Place: Int]
  /// How many kernels a step runs more than it would without the map.
  package var extraKernels: Int

  package init(map: String, sites: [Place: Int], extraKernels: Int) {
    self.map = map
    self.sites = sites
    self.extraKernels = extraKernels
  }
}

extension MapPlacement: CustomStringConvertible {
  /// As in `football: 30 sites: 30 in epilogues, 0 kernels more`.
  package var description: String {
    let count = sites.values.reduce(0, +)
    let places = Place.allCases.compactMap { place in sites[place].map { "\($0) \(place.phrase)" } }
    let kernels = extraKernels.magnitude == 1 ? "kernel" : "kernels"
    return "\(map): \(count) \(count == 1 ? "site" : "sites"): \(places.joined(separator: ", ")), "
      + "\(extraKernels.magnitude) \(kernels) \(extraKernels < 0 ? "fewer" : "more")"
  }
}

extension MapPlacement.Place {
  fileprivate var phrase: String {
    switch self {
    case .nowhere: "without effect"
    case .weightsBefore: "folded into the weights before"
    case .weightsAfter: "folded into the weights after"
    case .norm: "in norms"
    case .epilogue: "in epilogues"
    case .fused: "in fused nodes"
    case .nodes: "in nodes of their own"
    }
  }
}

// MARK: In a plan's provenance

extension MapPlacement {
  package var json: JSON {
    .object([
      "places": .object(
        Place.allCases.compactMap { place in sites[place].map { .init(place.rawValue, .int($0)) } }),
      "extra_kernels": .int(extraKernels),
    ])
  }

  /// The placement of `map` as a plan's provenance has it; nil where it is malformed.
  init?(map: String, json: JSON) {
    guard let members = json["places"]?.members, let extra = json["extra_kernels"]?.int else { return nil }
    var sites: [Place: Int] = [:]
    for member in members {
      guard let place = Place(rawValue: member.key), let count = member.value.int, count > 0,
        count <= Int32.max
      else { return nil }
      sites[place] = count
    }
    guard Int(Int32.min)...Int(Int32.max) ~= extra else { return nil }
    self.init(map: map, sites: sites, extraKernels: extra)
  }

  /// The placements in a plan's provenance, in the order of the maps.
  package static func all(inProvenance provenance: JSON) -> [MapPlacement] {
    (provenance["maps"]?.array ?? []).compactMap { entry in
      guard let name = entry["name"]?.string, let json = entry["placement"] else { return nil }
      return MapPlacement(map: name, json: json)
    }
  }
}

// MARK: Finding it

extension Model {
  /// Where each of `maps` went in `compiled`, which `options` made of this model.
  ///
  /// Runs the passes once more for every map, without it, to know what it costs.
  package func placements(
    of maps: MapSet, in compiled: CompiledModel, _ options: CompileOptions
  ) throws -> [MapPlacement] {
    let kernels = compiled.graph.stepKernelCount
    return try maps.transports.map { transport in
      MapPlacement(
        map: transport.name, sites: compiled.graph.places(of: transport),
        extraKernels: kernels - (try kernelCount(without: transport.name, maps, options)))
    }
  }

  /// How many kernels a step runs with all maps but one.
  private func kernelCount(without map: String, _ maps: MapSet, _ options: CompileOptions) throws -> Int {
    let all = PipelineOptions(maps, options)
    var others = all
    others.transports.removeAll { $0.name == map }
    others.frozen[map] = nil
    let passes = pipeline(others)
    var manager = PassManager()
    manager.verifiesEach = false
    manager.stopsAfter = options.passManager.stopsAfter
    if let limit = options.passManager.limit {
      // The steering passes, which come first, may be fewer.
      manager.limit = max(0, limit - (pipeline(all).count - passes.count))
    }
    var graph = graph
    try manager.run(passes, on: &graph)
    return graph.stepKernelCount
  }
}

extension Graph {
  /// How many kernels a step runs: its nodes but for the views.
  fileprivate var stepKernelCount: Int {
    let times = bindingTimes()
    return order.count { id in
      switch self[id].op {
      case .input: false
      case let op: times[id.index] == .step && !op.traits.flags.contains(.view)
      }
    }
  }

  /// For every place, how many sites of a map that was inserted it computes.
  fileprivate func places(of transport: Transport) -> [MapPlacement.Place: Int] {
    let times = bindingTimes()
    var parameters: [String: [ValueID]] = [:]
    var dial: [ValueID] = []
    for id in order {
      switch self[id].op {
      case .mapParameter(transport.name, let site, _): parameters[site, default: []].append(id)
      case .dial(transport.name, _): dial.append(id)
      default: break
      }
    }
    var counts: [MapPlacement.Place: Int] = [:]
    for site in transport.sites {
      // A map that reads no parameter is known by its dial, and its sites are not told apart.
      let place = dearestPlace(readBy: parameters[site] ?? dial, times)
      counts[place, default: 0] += 1
    }
    return counts
  }

  /// The dearest node of the step that reads `leaves`, or what is computed from them before the step.
  private func dearestPlace(readBy leaves: [ValueID], _ times: [BindingTime]) -> MapPlacement.Place {
    var found: Set<MapPlacement.Place> = [.nowhere]
    var pending = leaves.map { (id: $0, isOfInput: false) }
    // What comes from the arithmetic that folds a map into the layers after it is told from the rest.
    var seen: [Bool: Set<ValueID>] = [:]
    while let (id, isOfInput) = pending.popLast() {
      for reader in readers(of: id) {
        if times[reader.index].isOfCall {
          found.insert(place(of: id, in: self[reader], times, isOfInput: isOfInput))
          continue
        }
        let folds =
          switch self[reader].op {
          // But into the map's own matrix it is the map that goes, and no layer after it.
          case .scaleColumns, .matvec:
            isOfInput || self[reader].inputs[1] == id && !isOfMaps(self[reader].inputs[0])
          // Only the layers after a map take its matrices transposed.
          case .permute where self[id].isMapParameter: true
          default: isOfInput
          }
        if seen[folds, default: []].insert(reader).inserted { pending.append((reader, folds)) }
      }
    }
    let places = MapPlacement.Place.allCases
    return places.last(where: found.contains)!
  }

  /// What a step's node that reads `operand` is to the map that `operand` comes from.
  ///
  /// A linear layer whose matrix is a map's is a node of the map, whatever it reads.
  private func place(
    of operand: ValueID, in node: Node, _ times: [BindingTime], isOfInput: Bool
  ) -> MapPlacement.Place {
    switch node.op {
    case .linear where isOfMaps(node.inputs[1]), .linearEpilogue where isOfMaps(node.inputs[1]): return .nodes
    case .rmsNorm, .layerNorm: return .norm
    case .linear, .conv: return isOfInput ? .weightsAfter : .weightsBefore
    case .linearEpilogue(let body), .convEpilogue(_, let body):
      // A live shift is no weight: it is added after the product.
      if isOfInput { return times[operand.index] == .compile ? .weightsAfter : .epilogue }
      // A bias is a weight wherever the layer adds it.
      let isBias = node.inputs.indices.dropFirst(2).contains { index in
        node.inputs[index] == operand && body.addsToProduct(input: index - 1)
      }
      return node.inputs[1] == operand || isBias && times[operand.index] == .compile
        ? .weightsBefore : .epilogue
    case .fused: return .fused
    default: return .nodes
    }
  }
}

extension Node {
  fileprivate var isMapParameter: Bool {
    if case .mapParameter = op { true } else { false }
  }
}

extension Expression {
  /// Whether the body begins by adding an input to `$0`, as it adds a layer's bias to the product.
  fileprivate func addsToProduct(input: Int) -> Bool {
    instructions.first == .init(.binary(.add), [.input(0), .input(input)])
  }
}
