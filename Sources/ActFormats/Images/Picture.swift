/// A picture in memory: 8 bits a channel, RGB, row by row from the top.
package struct Picture: Hashable, Sendable {
  package let width, height: Int
  /// Three bytes a pixel.
  package var pixels: [UInt8]

  /// A picture of one colour.
  package init(width: Int, height: Int, filledWith color: (UInt8, UInt8, UInt8)) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for pixel in 0..<width * height {
      (pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]) = color
    }
  }

  /// The picture of floats in 0…1, plane by plane: [3,H,W]. What lies outside is cut off; a grey level is the nearest
  /// of two, in the middle the even one, as diffusers rounds.
  package init(planes: some RandomAccessCollection<Float>, width: Int, height: Int) {
    precondition(planes.count == 3 * width * height)
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 0, count: planes.count)
    let area = width * height
    for (index, value) in planes.enumerated() {
      let level = value > 0 ? (min(value, 1) * 255).rounded(.toNearestOrEven) : 0
      pixels[index % area * 3 + index / area] = UInt8(level)
    }
  }

  /// Puts another picture over this one, which must hold it.
  package mutating func draw(_ other: Picture, x: Int, y: Int) {
    precondition(x >= 0 && y >= 0 && x + other.width <= width && y + other.height <= height)
    for row in 0..<other.height {
      let (from, to) = (3 * row * other.width, 3 * ((y + row) * width + x))
      pixels.replaceSubrange(to..<to + 3 * other.width, with: other.pixels[from..<from + 3 * other.width])
    }
  }

  /// Writes the picture as a PNG file; see `PNGFile`.
  package func write(to path: String, texts: [(key: String, text: String)] = []) throws(FileError) {
    let file = try PNGFile(path, width: width, height: height, texts: texts)
    for row in 0..<height { try file.write(row: Array(pixels[3 * row * width..<3 * (row + 1) * width])) }
    try file.finish()
  }
}
