import ActFormats
import Testing

@Suite struct ContactSheetTests {
  private func picture(_ level: UInt8, width: Int = 64, height: Int = 32) -> Picture {
    Picture(width: width, height: height, filledWith: (level, level, level))
  }

  private func pixel(_ picture: Picture, _ x: Int, _ y: Int) -> UInt8 {
    picture.pixels[3 * (y * picture.width + x)]
  }

  @Test func onePictureIsItself() {
    #expect(ContactSheet.picture([.init(label: "", pictures: [picture(7)])]) == picture(7))
  }

  /// Rows below one another with their labels, columns side by side, of unequal length too.
  @Test func places() {
    let sheet = ContactSheet.picture([
      .init(label: "a=0", pictures: [picture(10), picture(20)]), .init(label: "a=1", pictures: [picture(30)]),
    ])
    // Two pictures and three gaps; two labels of 15, two pictures and three gaps.
    #expect([sheet.width, sheet.height] == [140, 106])
    #expect(pixel(sheet, 4, 19) == 10 && pixel(sheet, 67, 50) == 10 && pixel(sheet, 72, 19) == 20)
    #expect(pixel(sheet, 4, 70) == 30 && pixel(sheet, 72, 70) == 255 && pixel(sheet, 68, 30) == 255)
    // Ink in both labels, and none beside them.
    for top in [4, 55] {
      let ink = (top..<top + 15).flatMap { y in (4..<30).map { x in pixel(sheet, x, y) } }
      #expect(ink.contains(0) && ink.contains(255))
      #expect((top..<top + 15).allSatisfy { y in (80..<136).allSatisfy { pixel(sheet, $0, y) == 255 } })
    }
  }

  /// A letter as it is drawn: `L`, with scale 1 and 2.
  @Test(arguments: [1, 2])
  func letters(scale: Int) {
    var picture = picture(255, width: 20, height: 20)
    picture.write("l", x: 1, y: 2, scale: scale, color: (0, 0, 0))
    for y in 0..<20 {
      for x in 0..<20 {
        let (column, row) = ((x - 1) / scale, (y - 2) / scale)
        let isInside = x >= 1 && y >= 2 && column < 5 && row < 7
        #expect(pixel(picture, x, y) == (isInside && (column == 0 || row == 6) ? 0 : 255))
      }
    }
  }

  /// Every letter, digit and sign of a steering expression has a drawing of its own.
  @Test func glyphsDiffer() {
    var seen: Set<[UInt8]> = []
    let characters = "abcdefghijklmnopqrstuvwxyz0123456789=.,-+_:/()%><"
    for character in characters {
      var picture = picture(255, width: 6, height: 7)
      picture.write(String(character), x: 0, y: 0, scale: 1, color: (0, 0, 0))
      seen.insert(picture.pixels)
    }
    #expect(seen.count == characters.count)
  }

  @Test func longLabelsAreCut() {
    let long = String(repeating: "m", count: 500)
    let sheet = ContactSheet.picture([.init(label: long, pictures: [picture(9)])])
    #expect([sheet.width, sheet.height] == [72, 55])
    #expect((4..<19).allSatisfy { y in (68..<72).allSatisfy { pixel(sheet, $0, y) == 255 } })
  }
}
