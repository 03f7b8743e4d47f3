import ActFormats
import ActIR
import ActPlan

/// Makes pictures of latents: whole, or where they are large in tiles that overlap, so that memory is that of a tile.
///
/// A plan has a module for each size of tiles. Where tiles overlap, one fades into the next, from above and then from the
/// left.
package struct PictureDecoder {
  package let modules: [EntryModel]
  /// The size of a picture, in pixels.
  package let width, height: Int
  private let latentShape: [Int]
  private let tile: DecodeTile
  /// The pixels of a latent, along each axis.
  private let scale: Int

  /// - Parameters:
  ///   - modules: decoders that differ in their size.
  ///   - latentShape: C, H and W of what is decoded.
  ///   - tile: what is decoded at once; nil: all.
  ///   - path: of the plan, for messages.
  /// - Throws: `FileError` for modules that are no decoders of such latents, or of which one is missing.
  package init(_ modules: [EntryModel], latentShape: [Int], tile: DecodeTile?, path: String) throws(FileError)
  {
    let (channels, rows, columns) = (latentShape[0], latentShape[1], latentShape[2])
    let tile = tile ?? DecodeTile(width: columns, height: rows)
    var scale: Int?
    for module in modules {
      guard let size = module.latentSize(channels: channels), let own = module.scale, scale ?? own == own
      else {
        throw FileError(
          path, module.plan.name, "expected a decoder of [B,\(channels),H,W] to pictures of three channels",
          next: "compile the plan again")
      }
      scale = own
      guard tile.cuts(width: columns, height: rows) || size == DecodeTile(width: columns, height: rows) else {
        throw FileError(
          path, module.plan.name,
          "expected a decoder of \(columns)x\(rows) latents, found \(size.width)x\(size.height)",
          next: "compile the plan again")
      }
    }
    self.modules = modules
    self.latentShape = latentShape
    self.tile = tile
    self.scale = scale ?? 1
    (width, height) = (columns * self.scale, rows * self.scale)
    guard tile.cuts(width: columns, height: rows) else { return }
    for size in tile.sizes(width: columns, height: rows) where module(of: size) == nil {
      throw FileError(
        path, "pipeline.decode_tile", "expected a decoder of tiles of \(size.width)x\(size.height) latents",
        next: "compile the plan again")
    }
  }

  private func module(of size: DecodeTile) -> EntryModel? {
    modules.first { $0.latentSize(channels: latentShape[0]) == size }
  }

  /// The picture of latents: `[C,H,W] -> [3,height,width]`.
  ///
  /// - Throws: what running a module throws.
  package func picture(of latents: [Float], _ strengths: Steering) throws -> [Float] {
    let (rows, columns) = (latentShape[1], latentShape[2])
    guard tile.cuts(width: columns, height: rows) else {
      return try decoded(latents, rows: 0..<rows, columns: 0..<columns, strengths).values
    }
    var picture = [Float](repeating: 0, count: 3 * width * height)
    // Of a tile only what the next ones do not overlap is kept.
    let limit = (width: kept(tile.width), height: kept(tile.height))
    let fade = (width: tile.width * scale - limit.width, height: tile.height * scale - limit.height)
    var above: [Tile] = []
    for spanOfRows in tile.rows(of: rows) {
      var row: [Tile] = []
      for (index, span) in tile.columns(of: columns).enumerated() {
        var tile = try decoded(latents, rows: spanOfRows, columns: span, strengths)
        if !above.isEmpty { tile.fade(from: above[index], along: .rows, at: fade.height) }
        if let left = row.last { tile.fade(from: left, along: .columns, at: fade.width) }
        tile.write(
          to: &picture, width: width, height: height, left: span.lowerBound * scale,
          top: spanOfRows.lowerBound * scale, limit: limit)
        row.append(tile)
      }
      above = row
    }
    return picture
  }

  private func kept(_ side: Int) -> Int { (side - side / DecodeTile.divisor) * scale }

  /// Decodes a part of the latents.
  private func decoded(
    _ latents: [Float], rows: Range<Int>, columns: Range<Int>, _ strengths: Steering
  ) throws -> Tile {
    let size = DecodeTile(width: columns.count, height: rows.count)
    guard let module = module(of: size) else { preconditionFailure("checked at the beginning") }
    let (height, width) = (latentShape[1], latentShape[2])
    let z = (0..<latentShape[0]).flatMap { channel in
      rows.flatMap { row in
        let start = (channel * height + row) * width
        return latents[start + columns.lowerBound..<start + columns.upperBound]
      }
    }
    let shape = [1, latentShape[0], rows.count, columns.count]
    let inputs = EntryInputs(path: module.path, [module.plan.inputs[0].name: .init(z, shape: shape)])
    return Tile(
      width: columns.count * scale, height: rows.count * scale,
      values: try module.evaluate(inputs, strengths: strengths)[0].values)
  }
}

/// A part of a picture, `[3,height,width]`.
private struct Tile {
  enum Axis { case rows, columns }

  var width, height: Int
  var values: [Float]

  private func place(_ channel: Int, _ y: Int, _ x: Int) -> Int { (channel * height + y) * width + x }

  /// Has the last pixels of another tile fade into the first of this one.
  mutating func fade(from other: Tile, along axis: Axis, at extent: Int) {
    let most = axis == .rows ? min(height, other.height) : min(width, other.width)
    let extent = min(extent, most)
    for channel in 0..<3 {
      for y in 0..<(axis == .rows ? extent : height) {
        for x in 0..<(axis == .rows ? width : extent) {
          let own = place(channel, y, x)
          let (source, step) =
            axis == .rows
            ? (other.place(channel, other.height - extent + y, x), y)
            : (other.place(channel, y, other.width - extent + x), x)
          let share = Float(step) / Float(extent)
          values[own] = other.values[source] * (1 - share) + values[own] * share
        }
      }
    }
  }

  /// Writes what lies within `limit` where the tile stands in a picture.
  func write(
    to picture: inout [Float], width pictureWidth: Int, height pictureHeight: Int, left: Int, top: Int,
    limit: (width: Int, height: Int)
  ) {
    for channel in 0..<3 {
      for y in 0..<min(height, limit.height) {
        let target = (channel * pictureHeight + top + y) * pictureWidth + left
        let source = place(channel, y, 0)
        let count = min(width, limit.width)
        picture.replaceSubrange(target..<target + count, with: values[source..<source + count])
      }
    }
  }
}

extension PlanPipeline {
  /// Latents `[C,H,W]` as the decoder takes them: divided by the scale of each channel, and moved by its shift.
  package func decoderInput(_ latents: [Float], channels: Int) -> [Float] {
    func number(_ numbers: [Double], _ channel: Int) -> Double { numbers[numbers.count == 1 ? 0 : channel] }
    let pixels = latents.count / channels
    return (0..<channels).flatMap { channel in
      let (scale, shift) = (number(latentScales, channel), number(latentShifts, channel))
      return latents[channel * pixels..<(channel + 1) * pixels].map { Float(Double($0) / scale + shift) }
    }
  }
}

extension EntryModel {
  /// Of a decoder, its input as images of so many channels.
  fileprivate var images: (input: TensorType, result: TensorType)? {
    guard plan.inputs.count == 1, let result = plan.results.first else { return nil }
    let types = (input: plan.inputs[0].type, result: plan.values[result.value].type)
    return types.input.isImages && types.result.isImages ? types : nil
  }

  /// The size of the latents that a decoder takes; nil for what takes others.
  fileprivate func latentSize(channels: Int) -> DecodeTile? {
    guard let shape = images?.input.shape, shape[3] == .fixed(channels), let height = shape[1].fixed,
      let width = shape[2].fixed
    else { return nil }
    return DecodeTile(width: width, height: height)
  }

  /// By how much a decoder enlarges both sides; nil where it makes no pictures of three channels.
  fileprivate var scale: Int? {
    guard let (input, result) = images, result.shape[3] == .fixed(3), let height = input.shape[1].fixed,
      let width = input.shape[2].fixed, let tall = result.shape[1].fixed, let wide = result.shape[2].fixed,
      tall % height == 0, wide % width == 0, tall / height == wide / width
    else { return nil }
    return tall / height
  }
}
