import ActFormats
import CPNG
import Testing
import Workbench

@Suite struct PNGTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Odd sides, one row, one column; what libpng reads is what was written.
  @Test(arguments: [(1, 1), (7, 5), (1, 64), (513, 3), (300, 301)])
  func libpngReadsWhatWasWritten(size: (width: Int, height: Int)) throws {
    var generator = SplitMix64(state: 3)
    var picture = Picture(width: size.width, height: size.height, filledWith: (0, 0, 0))
    for index in picture.pixels.indices {
      picture.pixels[index] = UInt8.random(in: 0...255, using: &generator)
    }
    try picture.write(to: directory.file("a.png"), texts: [("prompt", "a"), ("seed", "7")])
    #expect(directory.contents == ["a.png"])

    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    try #require(png_image_begin_read_from_file(&image, directory.file("a.png")) != 0)
    #expect(image.format == png_uint_32(PNG_FORMAT_FLAG_COLOR))
    #expect([Int(image.width), Int(image.height)] == [size.width, size.height])
    var pixels = [UInt8](repeating: 0, count: picture.pixels.count)
    try #require(png_image_finish_read(&image, nil, &pixels, 0, nil) != 0)
    #expect(pixels == picture.pixels)
  }

  /// Texts by their kind: ASCII as tEXt, which every reader knows, other text as iTXt in UTF-8.
  @Test func texts() throws {
    let picture = Picture(width: 2, height: 2, filledWith: (255, 0, 128))
    let texts = [
      (key: "prompt", text: "a \"cat\"\non a mat"), ("negative prompt", "Käse, 猫"), ("seed", ""),
      ("zero", "a\0b"),
    ]
    try picture.write(to: directory.file("a.png"), texts: texts)
    let chunks = try chunks(directory.read("a.png"))
    #expect(chunks.map(\.type) == ["IHDR", "sRGB", "tEXt", "iTXt", "tEXt", "iTXt", "IDAT", "IEND"])
    let found = chunks.filter { $0.type.hasSuffix("Xt") }.map { chunk in
      // iTXt has two flags, a language and a translated key between key and text.
      let parts = chunk.data.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      let text = chunk.type == "iTXt" ? parts[1].dropFirst(4) : parts[1]
      return [parts[0], text].map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(
      found == [
        ["prompt", "a \"cat\"\non a mat"], ["negative prompt", "Käse, 猫"], ["seed", ""],
        ["zero", "a\u{FFFD}b"],
      ])
  }

  /// A file that is not finished leaves an older one as it was.
  @Test func nothingIsHalfWritten() throws {
    try directory.write("older", to: "a.png")
    do {
      let file = try PNGFile(directory.file("a.png"), width: 2000, height: 2000)
      for _ in 0..<1999 { try file.write(row: [UInt8](repeating: 7, count: 6000)) }
    }
    #expect(try directory.read("a.png") == Array("older".utf8))
    #expect(directory.contents == ["a.png"])
  }

  @Test func errorsNameTheFile() throws {
    let path = "\(directory.path)/none/a.png"
    #expect(throws: FileError.self) { try PNGFile(path, width: 2, height: 2) }
    let error = #expect(throws: FileError.self) {
      try PNGFile(directory.file("a.png"), width: 0, height: 70_000)
    }
    #expect(
      error?.description
        == "\(directory.file("a.png")): expected a picture of at most 65500 pixels a side, found 0x70000")
    #expect(directory.contents.isEmpty)
  }

  /// Grey levels as diffusers rounds them; a half goes to the even one.
  @Test func levels() {
    let values: [Float] = [-1, 0, 0.5 / 255, 1.5 / 255, 0.5, 1, 2, .nan, 0.2, 0.998, 0.999, 1e-9]
    let picture = Picture(planes: values, width: 2, height: 2)
    #expect(picture.pixels == [0, 128, 51, 0, 255, 254, 0, 255, 255, 2, 0, 0])
  }

  @Test func draws() {
    var picture = Picture(width: 3, height: 2, filledWith: (1, 1, 1))
    picture.draw(Picture(width: 2, height: 1, filledWith: (9, 8, 7)), x: 1, y: 1)
    #expect(picture.pixels == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 8, 7, 9, 8, 7])
  }

  private func chunks(_ bytes: [UInt8]) throws -> [(type: String, data: ArraySlice<UInt8>)] {
    var chunks: [(type: String, data: ArraySlice<UInt8>)] = []
    var at = 8
    while at < bytes.count {
      let count = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
      chunks.append((type, bytes[at + 8..<at + 8 + count]))
      at += 12 + count
    }
    return chunks
  }
}
