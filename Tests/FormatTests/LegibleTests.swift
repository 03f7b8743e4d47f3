import ActFormats
import Testing

@Suite struct LegibleTests {
  @Test func ordinaryTextStays() {
    for text in ["", "a b  c", "/tmp/é/猫.plan: tensor: expected f32[8], found 7; compile it again"] {
      #expect(legible(text) == text)
    }
  }

  @Test(arguments: [
    ("a\u{1B}[31mb", #"a\u{1B}[31mb"#), ("a\nb", "a b"), ("a\r\nb", "a b"), ("a\rb", #"a\u{D}b"#),
    ("\u{9B}2J", #"\u{9B}2J"#), ("\u{202E}x", #"\u{202E}x"#), ("\u{0}", #"\u{0}"#), ("\u{7F}", #"\u{7F}"#),
    ("\u{2028}", #"\u{2028}"#), ("\u{E0041}", #"\u{E0041}"#),
  ])
  func controlsAreEscaped(text: String, shown: String) { #expect(legible(text) == shown) }

  @Test func longWordsAndLinesAreCut() {
    let word = legible("x: `\(String(repeating: "a", count: 100_000))`: expected 3; do this")
    #expect(word.count < 300)
    #expect(word.hasPrefix("x: `aaa") && word.hasSuffix("aaa`: expected 3; do this") && word.contains("…"))
    let line = legible("begin " + String(repeating: "ab ", count: 100_000) + "end")
    #expect(line.count <= 1200 && line.hasPrefix("begin") && line.hasSuffix("end") && line.contains("…"))
    // One character of many scalars.
    #expect(legible("e" + String(repeating: "\u{301}", count: 100_000)).unicodeScalars.count <= 1200)
    #expect(legible(String(repeating: "\u{1B}", count: 100_000)).count <= 1200)
  }

  /// JSON that is shown holds no control character, and reads back as it was.
  @Test func jsonIsEscapedAlike() throws {
    let text = "\u{1B}[31m\u{9B}\u{202E}\u{E0041}\u{7F}\n\u{0}é猫"
    let json: JSON = .object([.init(text, .string(text))])
    let isPlain = !json.description.unicodeScalars.contains { $0.isControl }
    #expect(isPlain)
    #expect(try JSON(parsing: json.description) == json)
  }
}
