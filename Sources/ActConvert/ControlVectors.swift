import ActCompile
import ActFormats
import ActIR
import ActPasses

extension MapFile {
  /// The map that a control vector is: its directions are added to the outputs of a model's blocks.
  ///
  /// - Parameters:
  ///   - file: the control vector.
  ///   - path: its path.
  ///   - model: the model that it was made for.
  ///   - layerBase: the number that it gives to block 0.
  /// - Throws: `FileError` for directions of another width, or of blocks that the model does not have.
  package init(_ file: ControlVectorFile, path: String, model: Model, layerBase: Int) throws {
    let blocks = try BlockOutputs(of: model)
    guard file.width == blocks.width else {
      throw FileError(
        path, nil, "expected directions of \(blocks.width) numbers for \(model.path), found \(file.width)",
        next: "is it of another model?")
    }
    let sites = try file.directions.sorted { $0.key < $1.key }.map { number, direction in
      guard blocks.sites.indices.contains(number - layerBase) else {
        throw FileError(
          path, "direction.\(number)",
          "expected \(layerBase) to \(layerBase + blocks.sites.count - 1), the blocks of \(model.path), found \(number)",
          next: "see --layer-base")
      }
      return Site(
        name: blocks.sites[number - layerBase], width: blocks.width,
        parameters: ["shift": MapParameter(direction)])
    }
    let digest = try SHA256.hex(ofFile: path)
    var options = ["layer_base": "\(layerBase)", "sha256": digest]
    options["model_hint"] = file.modelHint
    self.init(
      FitDescription(FitDescription.Method("control-vector", version: "1", options: options)),
      transport: shiftTransport("control_vector"), parameterNames: ["shift"],
      modelFingerprint: model.fingerprint, sites: sites)
  }
}

extension FrozenMap {
  /// The control vector that does what the map does at its strength.
  ///
  /// Only a map whose every site is shifted alone has one, and only where each shift is one of a block's output: at that
  /// site, or at one that is added to it and that nothing else reads.
  ///
  /// - Parameters:
  ///   - model: the model of the map.
  ///   - layerBase: the number of block 0; llama.cpp counts from 0, and cannot reach what is called 0.
  /// - Returns: a direction for each block that is shifted.
  /// - Throws: `FileError` for a map that is none, with the reason.
  package func controlVector(model: Model, layerBase: Int) throws -> ControlVectorFile {
    let blocks = try BlockOutputs(of: model)
    var directions: [Int: [Double]] = [:]
    for site in file.sites {
      let next = "a control vector adds one vector to the output of a block; `--to lora` may say it"
      let map = try transport(at: site)
      guard map.products.isEmpty else {
        throw unsupported(site.name, "expected a shift, found a map that mixes channels", next: next)
      }
      let scale = map.scale ?? [Double](repeating: 0, count: site.width)
      if let channel = scale.firstIndex(where: { $0 != 1 }) {
        throw unsupported(
          site.name, "expected a shift, found channel \(channel) times \(Float(scale[channel]))", next: next)
      }
      if map.shift.allSatisfy({ $0 == 0 }) { continue }
      let block: Int
      let factor: Double
      // Who reads a site is who computes with it, unless it is itself what a module reads.
      let isOutput = ModuleSite(site.name).part == .output
      let graph = isOutput ? model.graph.withoutSiteViews : model.graph
      switch blocks.effect(ofShiftAt: site.name, in: graph) {
      case .shifts(let number, let times):
        block = number
        factor = times
      case .other(let reason):
        throw unsupported(
          site.name, "expected a site that is only added to the output of a block, found that \(reason)",
          next: next)
      }
      let number = block + layerBase
      guard number > 0 else {
        throw unsupported(
          site.name, "expected a block from 1 on: llama.cpp cannot reach block 0, and this is a shift of it",
          next: "leave out the site, or fit at later blocks")
      }
      let shift = map.shift.map { $0 * factor }
      directions[number] = directions[number].map { zip($0, shift).map { $0 + $1 } } ?? shift
    }
    guard !directions.isEmpty else {
      throw unsupported(
        file.sites[0].name, "expected a shift, found that the map changes nothing", next: "see --strength")
    }
    return ControlVectorFile(
      try directions.mapValues { try $0.map { try float($0) } }, width: blocks.width,
      modelHint: model.modelType)
  }

  /// A number as a float that is finite.
  func float(_ value: Double) throws(FileError) -> Float {
    let float = Float(value)
    guard float.isFinite else {
      throw unsupported(
        file.sites[0].name, "expected finite numbers, found \(float)", next: "use a smaller strength")
    }
    return float
  }
}
