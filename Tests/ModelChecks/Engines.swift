import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActRuntime

/// The ways to compile a steered model, which must all compute the same.
public enum Variant: Hashable, Sendable, CaseIterable {
  /// The graph as it is written, every buffer with bytes of its own.
  case reference
  /// The graph as it is written.
  case inserted
  /// Everything folded and fused, the strength a dial.
  case live
  /// Everything folded and fused, the strength frozen.
  case frozen
}

/// The name under which the checks insert a map.
public let steeringMap = "map"

extension Model {
  /// An engine in f32, of the bare model or with a map; `strength` counts for the frozen variant only.
  public func makeEngine(
    steeredBy map: MapFile? = nil, _ variant: Variant = .live, strength: Float = 0, threads: Int? = nil,
    rows: Int = 128, maximumSequences: Int = 8, maximumSlots: Int = 3, recording sites: [String] = []
  ) throws -> Engine {
    try compileInFull(steeredBy: map, variant, strength: strength, rows: rows, recording: sites)
      .makeEngine(threads: threads, maximumSequences: maximumSequences, maximumSlots: maximumSlots)
  }

  /// The same, compiled only, in full precision.
  public func compileInFull(
    steeredBy map: MapFile? = nil, _ variant: Variant = .live, strength: Float = 0, rows: Int = 128,
    recording sites: [String] = []
  ) throws -> CompiledModel {
    var graph = graph
    for site in sites {
      guard let value = graph.value(at: site) else { throw UsageError("no site `\(site)`") }
      graph.addResult(site, value)
    }
    var maps = MapSet()
    if let map { try maps.add(map, name: steeringMap, path: "the map", model: self) }
    var options = CompileOptions()
    options.weights = .f32
    options.fuses = variant == .live || variant == .frozen
    options.frozen = variant == .frozen && map != nil ? [steeringMap: strength] : [:]
    options.lowering.sharesArena = variant != .reference
    options.lowering.maximumRows = rows
    return try compile(graph, maps, options)
  }
}
