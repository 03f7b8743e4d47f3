import ActCompile
import ActErrors
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Pictures that are decoded in tiles, against `enable_tiling` of `diffusers` (`Scripts/make-tiny-pipelines.py`).
@Suite struct DecodeTileTests {
  @Test(arguments: 1...4, [1, 2]) func equalsDiffusers(index: Int, threads: Int) throws {
    let path = fixture("tiny-sd/tiled\(index).safetensors")
    let (record, file) = (try TensorFile(path), try SafetensorsFile(path))
    let shape = try record.shape("z")
    let side = try #require(Int(file.metadata("tile") ?? ""))
    let pipeline = try SmallPipeline(
      size: ImageSize(width: 2 * shape[3], height: 2 * shape[2]),
      tile: ImageSize(width: 2 * side, height: 2 * side))
    let plan = try pipeline.file()
    let tile = try #require(plan.pipeline?.decodeTile)
    #expect(tile == DecodeTile(width: side, height: side))
    let modules = try EntryPipeline(plan, threads: threads).modules.filter { $0.plan.name.hasPrefix("vae") }
    #expect(modules.count == tile.sizes(width: shape[3], height: shape[2]).count)
    let decoder = try PictureDecoder(
      modules, latentShape: Array(shape[1...]), tile: tile, path: plan.file.path)
    #expect([3, decoder.height, decoder.width] == Array(try record.shape("image")[1...]))
    let picture = try decoder.picture(of: record.floats("z"), [:]).map { $0 / 2 + 0.5 }
    let deviation = Deviation(picture, from: try record.floats("image"))
    #expect(deviation.normalizedSquaredError <= 1e-10, "\(deviation)")
  }

  /// The memory that is planned is a tile's, and weights are in the file once.
  @Test func memoryIsThatOfATile() throws {
    let size = ImageSize(width: 104, height: 104)
    let pipelines = try [nil, ImageSize(width: 16, height: 16)].map {
      try SmallPipeline(size: size, tile: $0)
    }
    let (whole, tiled) = try (pipelines[0].file(), pipelines[1].file())
    func arena(_ file: PlanFile) -> Int {
      file.modules.filter { $0.name.hasPrefix("vae") }.map(\.arenaByteCount).max() ?? 0
    }
    #expect(arena(tiled) * 30 < arena(whole))
    #expect(tiled.file.tensors.map(\.name).sorted() == whole.file.tensors.map(\.name).sorted())
  }

  @Test func picturesAreMadeInTiles() throws {
    let size = ImageSize(width: 40, height: 24)
    let pipeline = try SmallPipeline(size: size, tile: ImageSize(width: 16, height: 24))
    let model = try pipeline.model()
    #expect([model.width, model.height] == [40, 24])
    let request = PictureModel.Request(prompt: "a cat", steps: 2, guidance: 2, seed: 3, samples: 0..<2)
    let pictures = try model.pictures(request)
    #expect(pictures.count == 2 && pictures.allSatisfy { $0.count == 3 * 40 * 24 })
    let whole = try SmallPipeline(size: size).model().pictures(request)
    // The first columns see nothing of what a tile cuts off but by the means of norms.
    #expect(pictures != whole)
    let deviation = Deviation(pictures.flatMap { $0 }, from: whole.flatMap { $0 })
    #expect(deviation.normalizedSquaredError < 0.5, "\(deviation)")
  }

  /// Latents that the denoiser has as packed rows are tiled as images: the size of the whole is the plan's.
  @Test func packedLatentsAreDecodedInTiles() throws {
    let size = ImageSize(width: 40, height: 24)
    let tiled = try SmallPipeline("tiny-flux-schnell", size: size, tile: ImageSize(width: 16, height: 16))
    let (model, whole) = try (tiled.model(), SmallPipeline("tiny-flux-schnell", size: size).model())
    #expect([model.width, model.height] == [40, 24] && model.latentShape == whole.latentShape)
    let request = PictureModel.Request(prompt: "a cat", steps: 2, guidance: 0, seed: 3, samples: 0..<2)
    let (found, expected) = try (model.pictures(request), whole.pictures(request))
    let deviation = Deviation(found.flatMap { $0 }, from: expected.flatMap { $0 })
    #expect(found != expected && deviation.normalizedSquaredError < 0.5, "\(deviation)")
  }

  @Test func aTileThatHoldsAllIsNone() throws {
    let pipeline = try Pipeline(
      PipelineFolder(fixture("tiny-sd")), size: ImageSize(width: 24, height: 16),
      decodeTile: ImageSize(width: 24, height: 16))
    #expect(pipeline.decodeTile == nil && pipeline.tileDecoders.isEmpty)
  }

  @Test(arguments: [(20, 16), (16, 12), (15, 16)]) func sizesThatDoNotFit(width: Int, height: Int) throws {
    let error = #expect(throws: UsageError.self) {
      try Pipeline(
        PipelineFolder(fixture("tiny-sd")), size: ImageSize(width: 48, height: 32),
        decodeTile: ImageSize(width: width, height: height))
    }
    #expect(error?.description.contains("--decode-tile: expected a width and a height that") == true)
  }

  @Test func aMissingSizeIsRefused() throws {
    let pipeline = try SmallPipeline(
      size: ImageSize(width: 40, height: 24), tile: ImageSize(width: 16, height: 16))
    let plan = try pipeline.file()
    let modules = try EntryPipeline(plan, threads: 1).modules.filter { $0.plan.name.hasPrefix("vae") }
    for missing in modules.indices {
      var some = modules
      some.remove(at: missing)
      #expect(throws: FileError.self) {
        try PictureDecoder(some, latentShape: [4, 12, 20], tile: plan.pipeline?.decodeTile, path: "plan")
      }
    }
    for shape in [[3, 12, 20], [4, 13, 20]] {
      #expect(throws: FileError.self) {
        try PictureDecoder(modules, latentShape: shape, tile: plan.pipeline?.decodeTile, path: "plan")
      }
    }
    #expect(throws: FileError.self) {
      try PictureDecoder(modules, latentShape: [4, 12, 20], tile: nil, path: "plan")
    }
  }
}
