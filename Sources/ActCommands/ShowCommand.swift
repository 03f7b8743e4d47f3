import ActCompile
import ActFormats
import ActIR
import ActPlan
import ActTerminal
import ArgumentParser

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints a model's graph, a map file, a plan or a graph as text.",
    discussion: """
      Examples:
        actc show SmolLM2
        actc show football.maps.safetensors
        actc show football.maps.safetensors formal.maps.safetensors
        actc show steered.plan --summary
        actc show stable-diffusion-v1-5
        actc show steered.graph --json
      """)

  @Argument(
    help:
      "A model's directory or GGUF file, the folder of a pipeline, a map file, a plan or a .graph file; - is a graph on standard input. Of several map files, what they are together in this order.",
    completion: .file(extensions: ["gguf", "plan", "safetensors", "graph"]))
  var files: [String]
  @OptionGroup var partOptions: PartOptions
  @Flag(help: "Print only a plan's sizes, not its programs.") var summary = false
  @Flag(help: "Print as JSON.") var json = false

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("expected a file") }
  }

  func run() throws {
    let file = files[0]
    if files.count > 1 {
      try refuseSummary()
      try showTogether()
    } else if PipelineFolder.isPipeline(file) {
      try refuseSummary()
      let pipeline = try DescribedPipeline(PipelineFolder(file))
      print(json ? pipeline.json.pretty : pipeline.text, terminator: "")
    } else if isModel(file) {
      let model = try Model(file, part: partOptions.part())
      try refuseSummary()
      if json {
        print(
          JSON.object([
            "context": .int(model.contextLength), "fingerprint": .string(model.fingerprint),
            "sites": .array(model.sites.map { .string($0.name) }),
            "graph": .string(model.graph.withoutSiteViews.description),
          ]).pretty, terminator: "")
      } else {
        print(model.graph.withoutSiteViews, terminator: "")
      }
    } else if file == "-" || file.hasSuffix(".graph") {
      try refuseSummary()
      let graph = try readGraph(file)
      print(
        json ? JSON.object(["graph": .string(graph.description)]).pretty : graph.description, terminator: "")
    } else if try SafetensorsFile(file).metadata("plan") != nil {
      show(try PlanFile(file))
    } else {
      try refuseSummary()
      try show(MapFile(reading: file, allowsUnfinished: true))
    }
  }

  private func refuseSummary() throws {
    if summary { throw ValidationError("--summary is for plans, and \(files[0]) is none") }
  }

  /// What map files are together at the sites that they share.
  private func showTogether() throws {
    let maps = try MapSet(together: files)
    let compositions = maps.compositions
    if json {
      print(JSON.array(compositions.map(\.json)).pretty, terminator: "")
    } else if compositions.isEmpty {
      print("// no site has more than one of the maps: their order does not matter")
    } else {
      for composition in compositions { print("// \(escapingControls("\(composition)"))") }
    }
  }

  private func show(_ file: PlanFile) {
    guard json else {
      for module in file.modules { show(module, of: file) }
      return
    }
    let modules = file.modules.map { Self.json($0, of: file) }
    print((modules.count == 1 ? modules[0] : .object(["modules": .array(modules)])).pretty, terminator: "")
  }

  private static func weightByteCount(_ plan: Plan) -> Int {
    plan.constants.reduce(0) { $0 + ($1.type.byteCount() ?? 0) }
  }

  /// What a sequence keeps of keys and values, once it is as long as the context; nil where the plan has no caches.
  private static func description(ofCachesOf plan: Plan) -> String? {
    let caches = plan.caches
    guard !caches.isEmpty, let bytes = plan.cacheByteCount(capacity: plan.contextLength) else { return nil }
    let rings = Dictionary(grouping: caches.filter(\.isRing), by: \.blockCount).sorted { $0.key < $1.key }
    let kept = rings.map { blockCount, caches in
      "; \(caches.count) keep \(blockCount * KeyValues.blockPositions) positions for windows of "
        + Set(caches.map(\.window)).sorted().map(String.init).joined(separator: " and ")
    }
    return "caches: \(caches.count), \(bytes) bytes for a sequence of the whole context" + kept.joined()
  }

  private static func json(_ plan: Plan, of file: PlanFile) -> JSON {
    .object([
      "name": .string(plan.name), "dials": .array(plan.dials.map(JSON.string)),
      "dial_steps": .object(
        plan.dials.compactMap { name in
          file.pipeline?.mapSteps[name].map { JSON.Member(name, .string($0.description)) }
        }),
      "scores": .array(plan.scores.map(JSON.string)),
      "gates": .array(
        plan.gates.map { .object(["map": .string($0.map), "score": .string($0.score)]) }),
      "step_kernels": .int(plan.stepCount), "prompt_kernels": .int(plan.promptCount),
      "set_kernels": .int(plan.setCount),
      "arena_bytes": .int(plan.arenaByteCount), "arena_bound": .int(plan.arenaBound),
      "slot_bytes": .int(plan.slotByteCount), "prompt_bytes": .int(plan.promptByteCount),
      "weight_bytes": .int(weightByteCount(plan)),
      "context": .int(plan.contextLength),
      "cache_bytes": .int(plan.cacheByteCount(capacity: plan.contextLength) ?? 0),
      "provenance": file.provenance,
      "plan": .string(plan.description),
    ])
  }

  private func show(_ plan: Plan, of file: PlanFile) {
    if !summary { print(plan, terminator: "") }
    let dials = plan.scopes.map { "\($0.name) (tokens: \($0.scope))" }.joined(separator: ", ")
    print("// dials: \(dials.isEmpty ? "none" : dials)")
    let steps = plan.dials.compactMap { name in file.pipeline?.mapSteps[name].map { "\(name) at \($0)" } }
    if !steps.isEmpty { print("// steps of denoising: \(steps.joined(separator: ", "))") }
    if !plan.scores.isEmpty { print("// scores of prompts: \(plan.scores.joined(separator: ", "))") }
    if !plan.gates.isEmpty {
      let gates = plan.gates.map { "\($0.map) by \($0.score)" }
      print("// gates of tokens: \(gates.joined(separator: ", "))")
    }
    let prompt = plan.prompt.isEmpty ? "" : "; prompt: \(plan.promptCount) kernels"
    print("// step: \(plan.stepCount) kernels\(prompt); set: \(plan.setCount) kernels")
    for placement in MapPlacement.all(inProvenance: file.provenance) { print("// \(placement)") }
    for composition in MapComposition.all(inProvenance: file.provenance) {
      print("// \(escapingControls("\(composition)"))")
    }
    let ratio = plan.arenaBound == 0 ? 1 : Double(plan.arenaByteCount) / Double(plan.arenaBound)
    print(
      "// arena: \(plan.arenaByteCount) bytes, \(fixed(ratio, 3)) of the no-fragmentation bound \(plan.arenaBound)"
    )
    if !plan.prompt.isEmpty { print("// kept of a prompt: at most \(plan.promptByteCount) bytes") }
    print(
      "// slot: \(plan.slotByteCount) bytes; weights: \(Self.weightByteCount(plan)) bytes; context: \(plan.contextLength)"
    )
    if let caches = Self.description(ofCachesOf: plan) { print("// \(caches)") }
    print("// provenance: \(file.provenance)")
  }

  private func show(_ map: MapFile) throws {
    let fit = map.fit
    func text(_ word: (some CustomStringConvertible)?) -> String {
      word.map { legible("\($0)") } ?? "unknown"
    }
    func json(_ word: (some CustomStringConvertible)?) -> JSON { word.map { .string("\($0)") } ?? .null }
    if self.json {
      print(
        JSON.object([
          "method": .string(fit.method.name), "method_version": .string(fit.method.version),
          "method_options": .object(
            fit.method.options.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
          "model_fingerprint": .string(map.modelFingerprint), "token_scope": json(fit.scope),
          "support": json(fit.support), "pooling": json(fit.pooling), "fit_order": json(fit.order),
          "step_scope": .string(fit.steps.description), "prompts": fit.prompts?.json ?? .null,
          "counts": .object(map.counts.sorted { $0.key < $1.key }.map { .init($0.key, .int($0.value)) }),
          "held_out": .object(map.heldOut.sorted { $0.key < $1.key }.map { .init($0.key, .int($0.value)) }),
          "data": .object(map.dataHashes.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
          "sites": .array(
            map.sites.map { site in
              .object([
                "name": .string(site.name), "width": .int(site.width),
                "mean_shift_channels": map.meanShiftChannels[site.name].map { .int($0) } ?? .null,
                "parameters": .object(
                  map.parameterNames.map { .init($0, .array(site.parameters[$0]!.shape.map(JSON.int))) }),
              ])
            }),
          "transport": .string(map.transport), "score": map.score.map { .string($0) } ?? .null,
          "is_finished": .bool(map.unfinished == nil),
          "fit_sites": map.unfinished?.siteCount.map { .int($0) } ?? .int(map.sites.count),
        ]).pretty, terminator: "")
      return
    }
    if let unfinished = map.unfinished {
      let total = unfinished.siteCount.map { " of \($0)" } ?? ""
      print(
        "// unfinished: \(map.sites.count)\(total) sites; `actc fit … -o \(MapFile.output(ofUnfinished: files[0]))`, "
          + "run again as before, goes on from there")
    }
    print(
      "// method \(legible(fit.method.name)) \(legible(fit.method.version)), model \(legible("\(map.modelFingerprint.prefix(16))"))…"
    )
    let counts = map.counts.sorted { $0.key < $1.key }.map { name, count in
      "\(count) \(legible(name))" + (map.heldOut[name].map { ", \($0) of them held out" } ?? "")
    }
    print("// samples: \(counts.joined(separator: ", ")); pooling \(text(fit.pooling))")
    print(
      "// support \(text(fit.support)), order \(text(fit.order)), tokens \(fit.scope), "
        + "skipping \(fit.scope.skippedPositions)"
    )
    if let prompts = fit.prompts { print("// prompts: \(legible("\(prompts)"))") }
    if fit.steps != .all { print("// acts at steps \(fit.steps) of denoising") }
    let phrases = ["append_source", "append_target", "encoder_maps"]
    for name in phrases {
      if let hash = map.dataHashes[name] { print("// \(name): \(legible("\(hash.prefix(16))"))…") }
    }
    for site in map.sites {
      let shifted = map.meanShiftChannels[site.name].map { ", \($0) by mean shift alone" } ?? ""
      let shapes = map.parameterNames.map { "\(legible($0)) \(site.parameters[$0]!.type)" }
      print(
        "// site \(escapingControls(site.name)): \(site.width) channels\(shifted); \(shapes.joined(separator: ", "))"
      )
    }
    for function in [map.transport] + (map.score.map { [$0] } ?? []) {
      print(function, terminator: function.hasSuffix("\n") ? "" : "\n")
    }
  }
}
