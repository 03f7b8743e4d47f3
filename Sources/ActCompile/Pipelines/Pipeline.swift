import ActDiffusion
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActText

/// A pipeline, opened: the networks that make a picture of a text. The graph of each has its component's name.
package struct Pipeline: Sendable {
  package let folder: PipelineFolder
  /// In the order in which they run. Encoders of texts give what the class of pipelines reads, and compute nothing else.
  package let networks: [Model]
  /// Of the picture, in pixels; nil where no network needs it.
  package let size: ImageSize?
  /// Where pictures are decoded in tiles, how, and the decoders of other sizes than the one among the networks.
  package let decodeTile: DecodeTile?
  package let tileDecoders: [Model]
  /// Where pictures are decoded in tiles, the size of the latents of a whole one.
  let tiledLatents: ImageSize?

  /// Opens the networks of a folder for pictures of a size.
  ///
  /// - Parameters:
  ///   - folder: the pipeline's.
  ///   - size: of the picture, in pixels; nil where no network needs it.
  ///   - adapters: what is added to the weights of its networks.
  ///   - tile: what is decoded at once of a larger picture, in pixels; nil: all.
  /// - Throws: `FileError` for a component that is not supported, or that cannot be used; `UsageError` for a size that the
  ///   pipeline cannot have.
  package init(
    _ folder: PipelineFolder, size: ImageSize?, adapters: [PipelineAdapter] = [],
    decodeTile tile: ImageSize? = nil
  ) throws {
    self.folder = folder
    self.size = size
    let parts = try folder.networks.map { component in
      try PipelinePart(component, at: folder.path(of: component), weights: folder.weights(of: component))
    }
    var added = parts.map { _ in [LowRankAdapter]() }
    for adapter in adapters {
      let own = try adapter.adapters(for: parts.map { ($0.component.name, $0.files.checkpoint) })
      for (index, adapter) in own.enumerated() { if let adapter { added[index].append(adapter) } }
    }
    var latents = size
    let decoder = parts.lastIndex { $0.takesSize && $0.isDecoder }
    if let size, let decoder { latents = try parts[decoder].inputSize(for: size, option: "--size") }
    var tiles = latents.map { [$0] } ?? []
    if let tile, let decoder, let latents {
      decodeTile = try parts[decoder].tile(tile, of: latents)
      tiles = decodeTile?.sizes(of: latents) ?? tiles
    } else if tile != nil {
      throw UsageError("--decode-tile: \(folder.path) has no decoder of pictures of a given size")
    } else {
      decodeTile = nil
    }
    tiledLatents = decodeTile == nil ? nil : latents
    let making = PictureMaking.known(folder.className)
    networks = try parts.indices.map { index in
      guard parts[index].takesSize, size == nil else {
        let network = try parts[index].open(size: index == decoder ? tiles.first : latents, added[index])
        let isEncoder =
          network.reads(.token) && making?.texts.contains { $0.encoder == network.graph.name } == true
        return try isEncoder ? network.exposing(making?.wires ?? [], folder.indexPath) : network
      }
      throw UsageError("\(folder.path): the size of the picture is not known: give --size WIDTHxHEIGHT")
    }
    guard let index = decoder else {
      tileDecoders = []
      return
    }
    let (whole, module) = (networks[index], parts[index].module)
    tileDecoders = try tiles.dropFirst().map { size in
      try whole.reopened(ModelPart(module: module, size: size)).named("\(whole.graph.name).\(size)")
    }
  }

  /// The sites of all networks in order of execution; their names begin with the component's and a dot.
  package var sites: [Graph.Site] {
    networks.flatMap { network in
      network.graph.sites.map { site in
        var site = site
        site.name = "\(network.graph.name).\(site.name)"
        return site
      }
    }
  }

  /// The sites that match any of `patterns`, or where there are none the outputs of all modules. A pattern that matches
  /// no site is an error.
  package func sites(matching patterns: [String]) throws -> [Graph.Site] {
    let sites = sites
    guard !patterns.isEmpty else { return sites.filter { ModuleSite($0.name).part == .output } }
    do {
      let chosen = Set(
        try SitePattern.choose(
          patterns, from: sites.map(\.name),
          unmatched: "matches no site; list them with `actc sites \(folder.path)`"))
      return sites.filter { chosen.contains($0.name) }
    } catch { throw UsageError("\(error)") }
  }
}

extension DecodeTile {
  /// The sizes of the tiles of latents of a size: each once, the largest first.
  fileprivate func sizes(of latents: ImageSize) -> [ImageSize] {
    sizes(width: latents.width, height: latents.height).map {
      ImageSize(width: $0.width, height: $0.height)
    }
  }
}

/// A network of a pipeline, before it is opened for a size.
private struct PipelinePart {
  let component: PipelineFolder.Component
  let files: ModelFiles
  /// Of a network of several modules, the one that making a picture runs: the last.
  let module: String?
  let takesSize: Bool

  init(_ component: PipelineFolder.Component, at path: String, weights: String?) throws {
    self.component = component
    files = try ModelFiles(path, weights: weights)
    let (names, takesSize) = try ModelGraph.modules(
      of: files.configuration, path: files.configurationPath)
    module = names.last
    self.takesSize = takesSize
  }

  /// Whether the network makes an image of its input alone.
  var isDecoder: Bool { module != nil }

  /// What is decoded at once of `latents` where `tile`, in pixels, is; nil where a tile holds them all.
  func tile(_ tile: ImageSize, of latents: ImageSize) throws -> DecodeTile? {
    let size = try inputSize(for: tile, option: "--decode-tile")
    guard size.width % DecodeTile.divisor == 0, size.height % DecodeTile.divisor == 0 else {
      let (across, down) = (
        tile.width / size.width * DecodeTile.divisor, tile.height / size.height * DecodeTile.divisor
      )
      throw UsageError(
        "--decode-tile: expected a width and a height that \(across) and \(down) divide, since tiles overlap by a "
          + "quarter, found \(tile)")
    }
    let whole = DecodeTile(width: size.width, height: size.height)
    return whole.cuts(width: latents.width, height: latents.height) ? whole : nil
  }

  /// The size of the input that gives pictures of `size`.
  func inputSize(for size: ImageSize, option: String) throws -> ImageSize {
    let probe = ImageSize(width: 8, height: 8)
    let graph = try open(size: probe).graph
    guard let shape = graph.results.first.map({ graph.type($0.value).shape }), shape.count == 4,
      let height = shape[1].fixed, let width = shape[2].fixed, height % probe.height == 0,
      width % probe.width == 0
    else {
      throw FileError.unsupported(
        files.path, nil, "a decoder that does not enlarge by a whole number is not supported")
    }
    let (across, down) = (width / probe.width, height / probe.height)
    guard size.width % across == 0, size.height % down == 0 else {
      throw UsageError(
        "\(option): expected a width and a height that \(across) and \(down) divide, as `\(component.name)` enlarges, "
          + "found \(size)")
    }
    return ImageSize(width: size.width / across, height: size.height / down)
  }

  func open(size: ImageSize?, _ adapters: [LowRankAdapter] = []) throws -> Model {
    // Only encoders bound the length of a text.
    let encodesTexts = component.name.hasPrefix("text_encoder")
    var part = ModelPart(module: module, size: takesSize ? size : nil, context: encodesTexts ? nil : 4096)
    part.encodesTexts = encodesTexts
    return try Model(files, part: part, adapters: adapters).named(component.name)
  }
}
