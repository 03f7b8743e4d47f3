import ActCompile
import ActFormats
import ActIR
import ActPasses
import ActPlan
import ModelChecks
import Testing

/// Where maps are said to have gone, and how many kernels they are said to cost.
@Suite struct MapPlacementTests {
  private let model: Model

  init() throws { model = try Model(fixture("tiny-plain")) }

  private func placements(
    _ maps: [(name: String, map: MapFile)], frozen: [String: Float] = [:], fuses: Bool = true,
    site: (name: String, op: String)? = nil
  ) throws -> [MapPlacement] {
    var set = MapSet()
    for (name, map) in maps { try set.add(fitted: map, name: name) }
    var options = CompileOptions()
    options.frozen = frozen
    options.fuses = fuses
    var graph = model.graph
    if let site {
      let value = graph.order.first { graph[$0].op.mnemonic == site.op }
      graph.setSite(try #require(value), site.name)
    }
    let compiled = try model.compile(graph, set, options)
    let placements = try model.placements(of: set, in: compiled, options)
    let bare = try model.compile(MapSet(), CompileOptions()).plan.stepCount
    if maps.count == 1, fuses {
      #expect(placements[0].extraKernels == compiled.plan.stepCount - bare)
    }
    return placements
  }

  private func map(
    at sites: SteeredSites, _ method: SteeringMethod = linearAct, _ support: Support = .all
  ) throws -> MapFile {
    try model.fitRandomMap(method, at: sites.rawValue, support: support)
  }

  private func placement(
    _ map: MapFile, frozen: Float? = nil, fuses: Bool = true
  ) throws -> MapPlacement {
    let frozen = frozen.map { ["m": $0] } ?? [:]
    return try #require(try placements([("m", map)], frozen: frozen, fuses: fuses).first)
  }

  @Test func normsTakeLiveMaps() throws {
    #expect(
      try placement(map(at: .norms)) == MapPlacement(map: "m", sites: [.norm: 8], extraKernels: 0))
  }

  @Test func epiloguesTakeLiveMaps() throws {
    let placement = try placement(map(at: .outputs))
    #expect(placement == MapPlacement(map: "m", sites: [.epilogue: 4], extraKernels: 0))
    #expect(placement.description == "m: 4 sites: 4 in epilogues, 0 kernels more")
    #expect(try self.placement(map(at: .residual)).sites == [.epilogue: 4])
  }

  @Test(arguments: [linearAct, meanAct]) func weightsTakeFrozenMaps(method: SteeringMethod) throws {
    let frozen = try placement(map(at: .outputs, method), frozen: 0.5)
    #expect(frozen == MapPlacement(map: "m", sites: [.weightsBefore: 4], extraKernels: 0))
    #expect(try placement(map(at: .norms, method), frozen: 0.5).sites == [.norm: 8])
  }

  /// Where a method's maps go follows from their form.
  @Test(arguments: affineMethods) func formsFold(method: SteeringMethod) throws {
    let (norms, outputs) = (try map(at: .norms, method), try map(at: .outputs, method))
    #expect(
      try placement(outputs, frozen: 0.5)
        == MapPlacement(map: "m", sites: [.weightsBefore: 4], extraKernels: 0))
    let isDiagonal = method.form == .diagonal
    #expect(
      try placement(norms, frozen: 0.5)
        == MapPlacement(map: "m", sites: [isDiagonal ? .norm : .weightsAfter: 8], extraKernels: 0))
    #expect(try placement(norms).sites == [isDiagonal ? .norm : .nodes: 8])
  }

  /// At the output of attention, which linear layers alone read: a live shift waits for their epilogues.
  @Test(arguments: [linearAct, meanAct]) func weightsAfterTakeFrozenMaps(method: SteeringMethod) throws {
    var map = try map(at: .outputs, method)
    map.sites = [map.sites[0]]
    map.sites[0].name = "attention"
    let live = method.name == meanAct.name ? MapPlacement.Place.epilogue : .nodes
    for (frozen, place) in [(["m": Float(0.5)], MapPlacement.Place.weightsAfter), ([:], live)] {
      let placements = try placements([("m", map)], frozen: frozen, site: ("attention", "attention"))
      #expect(placements[0].sites == [place: 1])
      #expect(placements[0].extraKernels == (place == .nodes ? 1 : 0))
    }
  }

  @Test func frozenAtNothingTheyAreNowhere() throws {
    let placement = try placement(map(at: .everything), frozen: 0)
    #expect(placement == MapPlacement(map: "m", sites: [.nowhere: 44], extraKernels: 0))
  }

  @Test func gatedMapsAreNodesOfTheStep() throws {
    let gate = Support.quantiles(lower: 0, upper: 100)
    let placement = try placement(map(at: .norms, linearAct, gate))
    #expect(placement == MapPlacement(map: "m", sites: [.fused: 8], extraKernels: 8))
    #expect(placement.description == "m: 8 sites: 8 in fused nodes, 8 kernels more")
  }

  /// Two products a site, one of them of the width of the rank; the elementwise parts cost no kernel of their own.
  @Test func liveMapsThatMixChannelsAreNodes() throws {
    #expect(
      try placement(map(at: .outputs, ablation))
        == MapPlacement(map: "m", sites: [.nodes: 4], extraKernels: 8))
    #expect(
      try placement(map(at: .norms, ablation)) == MapPlacement(map: "m", sites: [.nodes: 8], extraKernels: 16)
    )
  }

  @Test func weightsTakeFrozenMapsThatMixChannels() throws {
    let frozen = try placement(map(at: .outputs, ablation), frozen: 0.5)
    #expect(frozen == MapPlacement(map: "m", sites: [.weightsBefore: 4], extraKernels: 0))
  }

  @Test func withoutFusionTheyAreNodes() throws {
    let placement = try placement(map(at: .outputs), fuses: false)
    #expect(placement == MapPlacement(map: "m", sites: [.nodes: 4], extraKernels: 4 * 7))
  }

  @Test func eachOfSeveralMapsIsSaidApart() throws {
    let gate = Support.quantiles(lower: 0, upper: 100)
    let maps = [
      ("live", try map(at: .norms)), ("frozen", try map(at: .outputs)),
      ("gated", try map(at: .norms, linearAct, gate)),
    ]
    let placements = try placements(maps, frozen: ["frozen": 1])
    #expect(placements.map(\.map) == ["live", "frozen", "gated"])
    #expect(placements.map(\.sites) == [[.norm: 8], [.weightsBefore: 4], [.fused: 8]])
    #expect(placements.map(\.extraKernels) == [0, 0, 8])
  }

  @Test func survivesTheProvenance() throws {
    let placement = MapPlacement(map: "m", sites: [.norm: 2, .fused: 1], extraKernels: 1)
    #expect(placement.description == "m: 3 sites: 2 in norms, 1 in fused nodes, 1 kernel more")
    let entry: JSON = .object(["name": .string("m"), "placement": placement.json])
    let provenance: JSON = .object(["maps": .array([entry])])
    #expect(MapPlacement.all(inProvenance: provenance) == [placement])
    for damaged in [
      "{}", #"{"maps": 3}"#, #"{"maps": [{"name": "m", "placement": {"places": {}}}]}"#,
      #"{"maps": [{"name": "m", "placement": {"places": {"moon": 1}, "extra_kernels": 0}}]}"#,
      #"{"maps": [{"name": "m", "placement": {"places": {"norm": -1}, "extra_kernels": 0}}]}"#,
    ] {
      #expect(try MapPlacement.all(inProvenance: JSON(parsing: damaged)).isEmpty)
    }
  }
}
