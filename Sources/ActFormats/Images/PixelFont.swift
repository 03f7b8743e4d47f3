/// Letters, digits and signs of 5 by 7 pixels, drawn for labels of pictures.
///
/// Small letters are drawn as capitals, and what is not here as a box.
enum PixelFont {
  /// The pixels of a letter's box, with the gap to the next.
  static let (width, height, advance) = (5, 7, 6)

  /// Whether a pixel of a character's box is ink.
  static func isInk(_ character: Character, x: Int, y: Int) -> Bool {
    let rows = glyphs[Character(character.uppercased().first.map(String.init) ?? " ")] ?? box
    return rows[y][x]
  }

  private static let box = [[Bool]](repeating: [Bool](repeating: true, count: width), count: height)

  /// Lines of characters, each above seven rows of their pixels, which a column parts.
  private static let drawing = """
    ABCDEFGHIJ
    .###. ####. .#### ####. ##### ##### .#### #...# .###. ..###
    #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#.
    #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#.
    ##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#.
    #...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#.
    #...# #...# #.... #...# #.... #.... #...# #...# ..#.. #..#.
    #...# ####. .#### ####. ##### #.... .#### #...# .###. .##..
    KLMNOPQRST
    #...# #.... #...# #...# .###. ####. .###. ####. .#### #####
    #..#. #.... ##.## ##..# #...# #...# #...# #...# #.... ..#..
    #.#.. #.... #.#.# ##..# #...# #...# #...# #...# #.... ..#..
    ##... #.... #.#.# #.#.# #...# ####. #...# ####. .###. ..#..
    #.#.. #.... #...# #..## #...# #.... #.#.# #.#.. ....# ..#..
    #..#. #.... #...# #..## #...# #.... #..#. #..#. ....# ..#..
    #...# ##### #...# #...# .###. #.... .##.# #...# ####. ..#..
    UVWXYZ0123
    #...# #...# #...# #...# #...# ##### .###. ..#.. .###. ####.
    #...# #...# #...# #...# #...# ....# #..## .##.. #...# ....#
    #...# #...# #...# .#.#. .#.#. ...#. #.#.# ..#.. ....# ....#
    #...# #...# #.#.# ..#.. ..#.. ..#.. #.#.# ..#.. ...#. .###.
    #...# .#.#. #.#.# .#.#. ..#.. .#... #.#.# ..#.. ..#.. ....#
    #...# .#.#. ##.## #...# ..#.. #.... ##..# ..#.. .#... ....#
    .###. ..#.. #...# #...# ..#.. ##### .###. .###. ##### ####.
    456789=.,-
    #..#. ##### .###. ##### .###. .###. ..... ..... ..... .....
    #..#. #.... #.... ....# #...# #...# ..... ..... ..... .....
    #..#. #.... #.... ...#. #...# #...# ##### ..... ..... .....
    ##### ####. ####. ..#.. .###. .#### ..... ..... ..... #####
    ...#. ....# #...# ..#.. #...# ....# ##### ..... ..... .....
    ...#. ....# #...# .#... #...# ....# ..... .##.. ..#.. .....
    ...#. ####. .###. .#... .###. .###. ..... .##.. .#... .....
    +_:/ ()%><
    ..... ..... ..... ....# ..... ..#.. ..#.. ##..# #.... ....#
    ..#.. ..... .##.. ....# ..... .#... ...#. ##..# .#... ...#.
    ..#.. ..... .##.. ...#. ..... .#... ...#. ...#. ..#.. ..#..
    ##### ..... ..... ..#.. ..... .#... ...#. ..#.. ...#. .#...
    ..#.. ..... .##.. .#... ..... .#... ...#. .#... ..#.. ..#..
    ..#.. ..... .##.. #.... ..... .#... ...#. #..## .#... ...#.
    ..... ##### ..... #.... ..... ..#.. ..#.. #..## #.... ....#
    """

  private static let glyphs: [Character: [[Bool]]] = {
    var glyphs: [Character: [[Bool]]] = [:]
    let lines = drawing.split(separator: "\n", omittingEmptySubsequences: false)
    for start in stride(from: 0, to: lines.count, by: height + 1) {
      for (index, character) in lines[start].enumerated() {
        glyphs[character] = lines[start + 1..<start + 1 + height].map { line in
          line.split(separator: " ")[index].map { $0 == "#" }
        }
      }
    }
    return glyphs
  }()
}

extension Picture {
  /// Writes a text from a corner, each pixel of a letter `scale` wide; what leaves the picture is cut off.
  package mutating func write(_ text: String, x: Int, y: Int, scale: Int, color: (UInt8, UInt8, UInt8)) {
    for (index, character) in text.enumerated() {
      for row in 0..<PixelFont.height * scale {
        for column in 0..<PixelFont.width * scale
        where PixelFont.isInk(character, x: column / scale, y: row / scale) {
          let (x, y) = (x + index * PixelFont.advance * scale + column, y + row)
          guard (0..<width).contains(x), (0..<height).contains(y) else { continue }
          let pixel = 3 * (y * width + x)
          (pixels[pixel], pixels[pixel + 1], pixels[pixel + 2]) = color
        }
      }
    }
  }
}
