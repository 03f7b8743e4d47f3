import ActCompile
import ActFormats
import ActIR
import ActLowering
import ActPasses
import ActRuntime
import ActStatistics

/// What maps at some sites do to a model.
package struct SiteChoice: Hashable, Sendable {
  package var group: SiteGroup
  /// The share of the squared distance between the sides, at the last site of the model, that the maps take away: 1
  /// where nothing tells them apart any more, negative where they move away.
  package var closed: Double
  /// The perplexity of held-out text with the maps.
  package var perplexity: Double
  /// Whether no other choice closes as much at a lower perplexity.
  package var isEfficient = false
}

/// What a search has found.
package struct SiteSearch: Hashable, Sendable {
  /// The last site of the model, where distances are measured, and the distance between the sides without maps.
  package var end: String
  package var distance: Double
  /// The perplexity of held-out text without maps.
  package var perplexity: Double
  /// By kind of site and layers, and each kind in all layers.
  package var choices: [SiteChoice]
}

/// Fits maps at `sites` once, on the bare model, and measures what those of each kind and range of layers do.
///
/// All maps are dials of one plan in memory, so that a choice costs a run of the source and of the held-out text.
///
/// - Parameters:
///   - model: the model.
///   - data: the samples of both sides.
///   - sites: in order of execution.
///   - heldOut: tokens of ordinary text, for perplexity.
///   - options: how maps are fitted; in simultaneous order, whatever it says.
///   - parts: into how many ranges of layers each kind is divided.
///   - strength: of the maps that are measured.
///   - progress: called now and then.
///   - note: called with what a user should know of the fit.
/// - Returns: what each choice closes and costs.
/// - Throws: what fitting, compiling and running throw.
package func searchSites(
  _ model: Model, _ data: PairedSamples, sites: [String], heldOut: [[Int32]], options: FitOptions,
  parts: Int = 4, strength: Float = 1, progress: (FitProgress) -> Void = { _ in },
  note: (String) -> Void = { _ in }
) throws -> SiteSearch {
  var options = options
  options.samples.order = .simultaneous
  let fitShare = 0.3
  let file = try fit(
    model, data, sites: sites, options: options,
    progress: { progress(FitProgress(share: $0.share * fitShare, site: "fit")) }, note: note)
  let groups = SiteGroup.groups(of: sites, parts: parts)
  let probe = try SteeredProbe(model, file, groups, options.samples)

  let target = try probe.samples(data.target, [:])
  func measure(_ strengths: [String: Float]) throws -> (distance: Double, perplexity: Double) {
    let source = try probe.samples(data.source, strengths)
    return (
      source.distance(to: target, using: ConcurrentLoop(probe.workers)).distance,
      try probe.model.score(heldOut.map { ScoredText($0) }, strengths: Steering(strengths)).reduce(
        TextScore(), +
      )
      .perplexity
    )
  }
  let bare = try measure([:])
  var candidates: [[Int]] = []
  for kind in groups.map(\.kind).uniqued {
    let indices = groups.indices.filter { groups[$0].kind == kind }
    candidates += indices.map { [$0] } + (indices.count > 1 ? [indices] : [])
  }
  var choices: [SiteChoice] = []
  for (index, candidate) in candidates.enumerated() {
    let group = SiteGroup.union(candidate.map { groups[$0] })
    let share = fitShare + (1 - fitShare) * Double(index) / Double(candidates.count)
    progress(FitProgress(share: share, site: group.kind))
    let found = try measure(
      Dictionary(uniqueKeysWithValues: candidate.map { (SteeredProbe.dial($0), strength) }))
    let ratio = bare.distance > 0 ? found.distance / bare.distance : 1
    choices.append(SiteChoice(group: group, closed: 1 - ratio * ratio, perplexity: found.perplexity))
  }
  for index in choices.indices {
    let choice = choices[index]
    choices[index].isEfficient =
      choice.closed > 0
      && !choices.contains { other in
        (other.closed >= choice.closed && other.perplexity < choice.perplexity)
          || (other.closed > choice.closed && other.perplexity <= choice.perplexity)
      }
  }
  return SiteSearch(end: probe.end, distance: bare.distance, perplexity: bare.perplexity, choices: choices)
}

/// A model with a dial for each group of sites, whose last site can be read.
private final class SteeredProbe {
  let model: LanguageModel
  let end: String
  let workers: ThreadPool
  private let options: SampleOptions
  private let width: Int

  static func dial(_ group: Int) -> String { "group\(group)" }

  init(_ model: Model, _ file: MapFile, _ groups: [SiteGroup], _ options: SampleOptions) throws {
    // What the model returns, such as logits, is not an activation.
    let results = Set(model.graph.results.compactMap { model.graph[$0.value].site })
    guard let end = model.sites.map(\.name).last(where: { !results.contains($0) }) else {
      throw FitError("the model has no sites")
    }
    var maps = MapSet()
    for (index, group) in groups.enumerated() {
      var part = file
      part.sites = file.sites.filter { group.sites.contains($0.name) }
      try maps.add(fitted: part, name: Self.dial(index))
    }
    var graph = model.graph
    graph.addResult(end, graph.value(at: end)!)
    var compile = CompileOptions()
    compile.passManager.verifiesEach = false
    compile.mergesLinears = false
    compile.weights = options.weights
    // A row of logits is as wide as the vocabulary.
    compile.lowering.maximumRows = 128
    compile.lowering.contextLength = model.contextLength
    workers = ThreadPool(threads: options.threads)
    let engine = try model.compile(graph, maps, compile)
      .makeEngine(pool: workers, maximumSequences: 64, maximumSlots: 3)
    self.model = try LanguageModel(engine, path: model.path, tokenizer: nil)
    self.end = end
    self.options = options
    width = model.width(of: end)
  }

  /// The samples that a side becomes at the last site.
  func samples(_ side: [FitSample], _ strengths: [String: Float]) throws -> EvenSample {
    let engine = model.engine
    let slot = try model.slots.acquire(strengths)
    defer { model.slots.release(slot) }
    var queue = StepQueue(engine)
    // The values of the pooled tokens of the open sequences.
    var values: [[Float]] = []
    var open: [Int32] = []
    var sample = EvenSample(width: width, limit: 1024)
    func flush() throws {
      try queue.run { owner, row in
        guard owner >= 0, let result = engine.result(end) else { return }
        values[owner] += UnsafeBufferPointer(start: result + row * width, count: width)
      }
    }
    func finish() throws {
      try flush()
      for sequence in open { engine.closeSequence(sequence) }
      for rows in values {
        let count = rows.count / width
        let pooled = [Float](unsafeUninitializedCapacity: options.pooling.sampleCount(rows: count) * width) {
          options.pooling.pool(rows, count: count, width: width, into: $0.baseAddress!)
          $1 = $0.count
        }
        pooled.withUnsafeBufferPointer { sample.observe($0) }
      }
      (open, values) = ([], [])
    }
    for sequence in side {
      if open.count == engine.maximumSequences { try finish() }
      open.append(try engine.openSequence(capacity: sequence.tokens.count))
      values.append([])
      let skipped = options.scope.skippedPositions
      for (position, token) in sequence.tokens.enumerated() {
        let isPooled = position >= max(skipped, sequence.pooledFrom)
        // Each row is an owner, so that the results are those of all rows.
        queue.add(
          Row(
            token: token, position: Int32(position), sequence: open.last!,
            slot: position < skipped ? 0 : slot),
          owner: isPooled ? values.count - 1 : -1)
        if queue.isFull { try flush() }
      }
    }
    try finish()
    return sample
  }
}

extension [String] {
  /// Each once, in order of first appearance.
  fileprivate var uniqued: [String] {
    var seen = Set<String>()
    return filter { seen.insert($0).inserted }
  }
}
