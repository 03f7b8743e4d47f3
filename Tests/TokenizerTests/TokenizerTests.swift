import ActFormats
import ActText
import Testing

@Suite struct TokenizerTests {
  static let names = ["gpt2", "smollm2", "llama3", "qwen2", "llama2"]

  @Test(arguments: names, TokenizerForm.allCases)
  func equalsReference(_ name: String, _ form: TokenizerForm) throws {
    try expectEquality(TokenizerFixture(name, form), minimumLines: 700)
  }

  @Test(
    .enabled(
      if: TokenizerFixture.smolLM2 != nil, "ACT_SMOLLM2 does not name the directory of an imported SmolLM2"),
    arguments: TokenizerForm.allCases)
  func equalsReferenceOnSmolLM2(_ form: TokenizerForm) throws {
    let path = (TokenizerFixture.smolLM2 ?? "") + "/tokenizer.json"
    try expectEquality(TokenizerFixture("smollm2-real", form, tokenizer: path), minimumLines: 2000)
  }

  @Test(arguments: ["crossing", "llama2"], TokenizerForm.allCases)
  func componentsEqualReference(_ name: String, _ form: TokenizerForm) throws {
    let variants = try TokenizerFixture.variants(name, form)
    #expect(variants.count >= 9)
    for (patch, fixture) in variants {
      try expectEquality(fixture, minimumLines: 40, "\(patch)")
    }
  }

  /// Ids, decoded text and streamed text of every line.
  private func expectEquality(_ fixture: TokenizerFixture, minimumLines: Int, _ comment: Comment = "") throws
  {
    let tokenizer = fixture.tokenizer
    let rows = fixture.rows("ids")
    #expect(rows.count >= minimumLines)
    let (before, behind) = (fixture.ids("before"), fixture.ids("behind"))
    let (decoded, skipping) = (fixture.decoded("decoded"), fixture.decoded("skipping"))
    for (index, line) in fixture.lines.enumerated() {
      let ids = try tokenizer.encode(line, addSpecialTokens: false)
      #expect(ids == rows[index], "line \(index): \(line.debugDescription) \(comment)")
      #expect(try tokenizer.encode(line) == before + rows[index] + behind)
      #expect(
        tokenizer.decode(rows[index], skipSpecialTokens: false).utf8.elementsEqual(decoded[index].utf8),
        comment)
      #expect(
        tokenizer.decode(rows[index], skipSpecialTokens: true).utf8.elementsEqual(skipping[index].utf8),
        comment)
      expectStreaming(tokenizer, rows[index], decoded[index])
    }
    for (tokens, text) in fixture.broken {
      #expect(tokenizer.decode(tokens, skipSpecialTokens: false).utf8.elementsEqual(text.utf8), "\(tokens)")
      expectStreaming(tokenizer, tokens, text)
    }
  }

  private func expectStreaming(_ tokenizer: Tokenizer, _ tokens: [Int], _ text: String) {
    var decoder = tokenizer.streamingDecoder(skipSpecialTokens: false)
    var streamed = ""
    for token in tokens {
      streamed.unicodeScalars += decoder.append(token).unicodeScalars
      #expect(text.utf8.starts(with: streamed.utf8), "\(tokens) at \(token)")
    }
    streamed.unicodeScalars += decoder.finish().unicodeScalars
    #expect(streamed.utf8.elementsEqual(text.utf8), "\(tokens)")
  }
}
