import ActFormats
import ActIR
import Testing

/// Names with control characters, in the text form.
@Suite struct ControlCharacterTests {
  /// What the text form escapes is what is escaped wherever text is shown.
  @Test func escapesTheSameAsMessages() {
    for value in UInt32(0)..<0x11_0000 {
      guard let scalar = Unicode.Scalar(value), value % 257 == 0 || value < 0x3000 || scalar.isControl else {
        continue
      }
      let shown = Attribute.string(String(scalar)).description
      let isPlain = !shown.unicodeScalars.contains { $0.isControl }
      #expect(isPlain, "\(value)")
    }
  }

  @Test func readBackAsTheyWere() throws {
    let name = "a\u{1B}[31m\n\u{202E}\"\\u{41}\u{E0041}é"
    let text = "graph @g() {\n  %w = weight {name = \(Attribute.string(name))} : f32[2]\n  return %w\n}\n"
    let graph = try Graph(parsing: text)
    #expect(graph.description == text)
    guard case .weight(let found) = graph[try #require(graph.order.first)].op else {
      throw CancellationError()
    }
    #expect(found == name)
  }

  @Test(arguments: [
    #""\u""#, #""\u{""#, #""\u{}""#, #""\u{110000}""#, #""\u{D800}""#, #""\u{zz}""#, #""\u1B""#,
  ])
  func malformedEscapes(text: String) {
    let graph = "graph @g() {\n  %w = weight {name = \(text)} : f32[2]\n  return %w\n}\n"
    #expect(throws: ParseError.self) { try Graph(parsing: graph) }
  }
}
