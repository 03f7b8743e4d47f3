import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActTerminal
import ArgumentParser

extension CompileCommand {
  /// Compiles all networks of a pipeline into one plan, each with the maps that were fitted on it.
  func compilePipeline() throws {
    let part = try partOptions.part()
    guard part.module == nil else {
      throw UsageError("--module: a pipeline is compiled whole; compile a component's folder")
    }
    guard conditionOptions.score.isEmpty, conditionOptions.gate.isEmpty else {
      throw UsageError("--score and --gate: a pipeline has no scores of texts")
    }
    let folder = try componentOptions.folder(model)
    let pipeline = try Pipeline(
      folder, size: part.size, adapters: adapterOptions.loadForPipeline(), decodeTile: decodeTileSize())
    if decodeTile != nil, pipeline.decodeTile == nil {
      note("--decode-tile: a tile holds the whole picture, which is decoded at once")
    }
    let (networks, planned) = try pipeline.forPlan(context: context)
    var described = planned
    var maps = networks.map { _ in MapSet() }
    for pair in mapOptions.maps {
      let (name, path) = try mapOptions.nameAndPath(pair)
      let file = try MapFile(reading: path)
      let index = try pipeline.network(of: file, path: path, among: networks)
      try maps[index].add(
        file, name: name, path: path, model: networks[index], skipping: Set(mapOptions.force))
      if file.fit.steps != .all { described.mapSteps[name] = file.fit.steps }
    }
    let frozen = try parseStrengths(freeze, option: "--freeze")
    if let name = frozen.keys.sorted().first(where: { name in
      !maps.contains { $0.files.contains { $0.name == name } }
    }) {
      throw UsageError("cannot freeze `\(name)`: no map of that name")
    }
    if let name = frozen.keys.sorted().first(where: { described.mapSteps[$0] != nil }) {
      throw UsageError(
        "cannot freeze `\(name)`: it acts at steps \(described.mapSteps[name]!) alone, and what is frozen at all"
      )
    }
    func compiled(_ network: Model, _ maps: MapSet) throws -> (module: CompiledModel, options: CompileOptions)
    {
      var options = try self.options(for: network, of: described)
      options.frozen = frozen.filter { name, _ in maps.files.contains { $0.name == name } }
      return (try network.compile(maps, options), options)
    }
    var modules: [CompiledModel] = []
    var parts: [JSON] = []
    for (network, maps) in zip(networks, maps) {
      let (module, options) = try compiled(network, maps)
      modules.append(module)
      let placements = try network.placements(of: maps, in: module, options)
      parts.append(try provenance(network, maps, mapOptions.hashes(), options, placements))
      for placement in placements { note("\(placement)") }
    }
    // Tiles are decoded with the same weights and maps.
    if let maps = maps.last { modules += try pipeline.tileDecoders.map { try compiled($0, maps).module } }
    do { try Plan.verifyWires(of: modules.map(\.plan)) } catch {
      throw FileError(
        folder.indexPath, nil, "the components do not fit: \(error)", next: "check their configurations")
    }
    for module in modules { try passOptions.report(module.timings) }
    let bar = ProgressBar("compiling")
    try CompiledModel.write(
      modules, to: output, texts: PlanTexts(tokenizers: networks.compactMap(pipeline.tokenizer)),
      pipeline: described,
      provenance: .object([
        "pipeline": .string(folder.className), "models": .array(parts.compactMap { $0["model"] }),
        "maps": .array(parts.flatMap { $0["maps"]?.array ?? [] }), "weights": .string(weights.rawValue),
        "compiler": .string("actc \(toolVersion)"),
      ])
    ) { bar.update($0) }
    bar.finish()
    for module in modules {
      note("wrote \(output), \(module.plan.name): \(module.plan.summary)")
    }
  }
}
