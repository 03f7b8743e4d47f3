import ActCompile
import ActFormats
import ActGraphs
import ActIR
import ActLowering
import ActPasses
import ActPlan
import ActRuntime
import ModelChecks
import Workbench

/// A small pipeline of `Tests/Fixtures`, compiled in f32.
struct SmallPipeline {
  static let pictureMap = "picture"
  static let textMap = "text"

  private let directory: TemporaryDirectory
  private let path: String

  /// The plan, opened while its folder is there.
  func file() throws -> PlanFile { try withExtendedLifetime(directory) { try PlanFile(path) } }

  /// - Parameters:
  ///   - name: the folder.
  ///   - size: of a picture.
  ///   - tile: what is decoded at once.
  ///   - entries: the most of a call.
  ///   - patterns: sites of the denoiser that have a map, and of the text encoder.
  /// - Throws: what compiling and writing throw.
  init(
    _ name: String = "tiny-sd", size: ImageSize = ImageSize(width: 24, height: 16), tile: ImageSize? = nil,
    entries: Int = 8,
    steeredAt patterns: (picture: String, text: String)? = nil
  ) throws {
    directory = try TemporaryDirectory()
    path = directory.file("sd.plan")
    let pipeline = try Pipeline(PipelineFolder(fixture(name)), size: size, decodeTile: tile)
    var (networks, described) = try pipeline.forPlan()
    networks += pipeline.tileDecoders
    var options = CompileOptions()
    options.weights = .f32
    options.lowering.cacheType = .f32
    options.lowering.maximumEntries = entries
    let modules = try networks.map { network in
      var maps = MapSet()
      if let patterns, network.graph.name == "unet" {
        try maps.add(
          network.randomMap(at: patterns.picture), name: Self.pictureMap, path: "map", model: network)
      }
      if let patterns, network.graph.name == "text_encoder" {
        try maps.add(network.randomMap(at: patterns.text), name: Self.textMap, path: "map", model: network)
      }
      return try network.compile(maps, options)
    }
    try CompiledModel.write(
      modules, to: path, texts: PlanTexts(tokenizers: networks.compactMap(pipeline.tokenizer)),
      pipeline: described, provenance: .object([]))
  }

  func model(threads: Int = 2) throws -> PictureModel { try PictureModel(file(), threads: threads) }
}
