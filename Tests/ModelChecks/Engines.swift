import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime

/// The ways to compile a steered model, which must all compute the same.
package enum Variant: Hashable, Sendable, CaseIterable {
  /// The graph as it is written, every buffer with bytes of its own, and all of a call in the step.
  case reference
  /// The graph as it is written.
  case inserted
  /// Everything folded and fused, the strength a dial.
  case live
  /// Everything folded and fused, the strength frozen.
  case frozen
}

/// The name under which the checks insert a map.
package let steeringMap = "map"

extension Model {
  /// An engine of the bare model or with a map.
  ///
  /// The frozen variant freezes its dial at `strength`; the others ignore it. Matrices are stored in `weights`, or as
  /// in the checkpoint, keys and values in `cache`. The values of `sites` are results beside the logits, by name.
  package func makeEngine(
    steeredBy map: MapFile? = nil, _ variant: Variant = .live, strength: Float = 0,
    weights: WeightType? = .f32,
    cache: DType = .f32, threads: Int? = nil, rows: Int = 128, maximumSequences: Int = 8,
    maximumSlots: Int = 3,
    recording sites: [String] = []
  ) throws -> Engine {
    try compileSteered(
      by: map, variant, strength: strength, weights: weights, cache: cache, rows: rows, recording: sites
    )
    .makeEngine(threads: threads, maximumSequences: maximumSequences, maximumSlots: maximumSlots)
  }

  /// The plan of ``makeEngine(steeredBy:_:strength:weights:cache:threads:rows:maximumSequences:maximumSlots:recording:)``, compiled only.
  package func compileSteered(
    by map: MapFile? = nil, _ variant: Variant = .live, strength: Float = 0, weights: WeightType? = .f32,
    cache: DType = .f32, rows: Int = 128, recording sites: [String] = []
  ) throws -> CompiledModel {
    var graph = graph.exposing(sites)
    for site in sites {
      guard let value = graph.value(at: site) else { throw UsageError("no site `\(site)`") }
      graph.addResult(site, value)
    }
    var maps = MapSet()
    if let map { try maps.add(map, name: steeringMap, path: "the map", model: self) }
    var options = CompileOptions()
    options.weights = weights
    options.fuses = variant == .live || variant == .frozen
    options.frozen = variant == .frozen && map != nil ? [steeringMap: strength] : [:]
    options.lowering.sharesArena = variant != .reference
    options.lowering.preparesPrompts = variant != .reference
    options.lowering.cacheType = cache
    options.lowering.maximumRows = rows
    return try compile(graph, maps, options)
  }
}
