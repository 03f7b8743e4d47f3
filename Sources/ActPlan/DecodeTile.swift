/// How a picture is decoded that is too large to be decoded whole: in tiles of its latents that overlap by a quarter, as
/// `enable_tiling` of diffusers' `AutoencoderKL` has them.
package struct DecodeTile: Hashable, Sendable {
  /// Of a whole tile, in latents; multiples of ``divisor``.
  package var width, height: Int

  /// Neighbours overlap by this part of a tile.
  package static let divisor = 4

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// Whether latents of a size are decoded in tiles.
  package func cuts(width: Int, height: Int) -> Bool { width > self.width || height > self.height }

  /// The latents of each column of tiles. The last are narrower where the picture ends.
  package func columns(of width: Int) -> [Range<Int>] { Self.spans(of: width, self.width) }

  /// The latents of each row of tiles.
  package func rows(of height: Int) -> [Range<Int>] { Self.spans(of: height, self.height) }

  private static func spans(of length: Int, _ tile: Int) -> [Range<Int>] {
    stride(from: 0, to: length, by: tile - tile / divisor).map { $0..<min($0 + tile, length) }
  }

  /// The sizes of the tiles of latents of a size: each once, the largest first.
  package func sizes(width: Int, height: Int) -> [DecodeTile] {
    let widths = Self.counts(of: columns(of: width))
    return Self.counts(of: rows(of: height)).flatMap { height in
      widths.map { DecodeTile(width: $0, height: height) }
    }
  }

  private static func counts(of spans: [Range<Int>]) -> [Int] { Set(spans.map(\.count)).sorted(by: >) }
}
