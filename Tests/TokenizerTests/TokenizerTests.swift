import ActFormats
import ActText
import Testing

@Suite struct TokenizerTests {
  static let names = [
    "gpt2", "smollm2", "llama3", "qwen2", "llama2", "bert", "t5", "xlmr", "clip", "affixes", "words",
  ]

  @Test(arguments: names, TokenizerForm.allCases)
  func equalsReference(_ name: String, _ form: TokenizerForm) throws {
    try expectEquality(TokenizerFixture(name, form), minimumLines: 400)
  }

  @Test(
    .enabled(
      if: TokenizerFixture.smolLM2 != nil, "ACT_SMOLLM2 does not name the directory of an imported SmolLM2"),
    arguments: TokenizerForm.allCases)
  func equalsReferenceOnSmolLM2(_ form: TokenizerForm) throws {
    let path = (TokenizerFixture.smolLM2 ?? "") + "/tokenizer.json"
    try expectEquality(TokenizerFixture("smollm2-real", form, tokenizer: path), minimumLines: 2000)
  }

  @Test(
    .enabled(
      if: TokenizerFixture.miniLM != nil, "ACT_MINILM does not name the directory of all-MiniLM-L6-v2"),
    arguments: TokenizerForm.allCases)
  func equalsReferenceOnMiniLM(_ form: TokenizerForm) throws {
    let path = (TokenizerFixture.miniLM ?? "") + "/tokenizer.json"
    try expectEquality(TokenizerFixture("minilm-real", form, tokenizer: path), minimumLines: 600)
  }

  /// Of Scripts/check-tokenizers.py: more lines, every character, and tokenizers of real models.
  @Test(
    .enabled(
      if: TokenizerFixture.more != nil, "ACT_TOKENIZERS does not name a directory of tokenizers and cases"),
    arguments: TokenizerFixture.moreNames)
  func equalsReferenceOnMore(_ name: String) throws {
    let fixture = try TokenizerFixture(more: name)
    let rows = fixture.rows("ids")
    let decoded = fixture.decoded("decoded")
    #expect(rows.count >= 5000 && rows.count == fixture.lines.count)
    var (encodedOtherwise, decodedOtherwise): ([Int], [Int]) = ([], [])
    for (index, line) in fixture.lines.enumerated() {
      if try fixture.tokenizer.encode(line, addSpecialTokens: false) != rows[index] {
        encodedOtherwise.append(index)
      }
      let text = fixture.tokenizer.decode(rows[index], skipSpecialTokens: false)
      if !text.utf8.elementsEqual(decoded[index].utf8) { decodedOtherwise.append(index) }
    }
    #expect(
      encodedOtherwise.isEmpty,
      "\(encodedOtherwise.count) lines of \(rows.count): \(encodedOtherwise.prefix(200))")
    #expect(
      decodedOtherwise.isEmpty,
      "\(decodedOtherwise.count) lines of \(rows.count): \(decodedOtherwise.prefix(200))")
  }

  @Test(arguments: ["crossing", "llama2", "bert", "xlmr"], TokenizerForm.allCases)
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
    for pair in fixture.pairs {
      let (first, second) = (fixture.lines[pair.row], fixture.lines[pair.row + 1])
      let encoding = try tokenizer.encoding(of: first, and: second)
      #expect(encoding == TokenEncoding(ids: pair.ids, typeIDs: pair.typeIDs), "pair \(pair.row)")
      let bare = try tokenizer.encoding(of: first, and: second, addSpecialTokens: false)
      #expect(bare.ids == rows[pair.row] + rows[pair.row + 1] && bare.typeIDs == pair.bareTypeIDs)
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
