import ActFormats
import ActText
import Testing

@Suite struct TokenizerUseTests {
  @Test(arguments: TokenizerForm.allCases)
  func knowsItsTokens(_ form: TokenizerForm) throws {
    let tokenizer = try TokenizerFixture("smollm2", form).tokenizer
    let end = try #require(tokenizer.id(of: "<|im_end|>"))
    #expect(tokenizer.isSpecial(end))
    #expect(tokenizer.token(of: end) == "<|im_end|>")
    let space = try #require(tokenizer.id(of: "Ġ"))
    #expect(!tokenizer.isSpecial(space))
    #expect(tokenizer.vocabSize == 1200)
    #expect(tokenizer.token(of: 1200) == nil && tokenizer.token(of: -1) == nil)
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.decode([space, -1, 1200, .max, end, space]) == "  ")
  }

  /// The reference finds the second and third pair of spaces too, but nothing is left of them.
  @Test func takesWhiteSpaceOnce() throws {
    let tokenizer = try TokenizerFileTests.tokenizer(
      rest: #","added_tokens":[{"id":3,"content":"  ","lstrip":true,"rstrip":true,"special":true},"#
        + #"{"id":4,"content":"<r>","rstrip":true,"special":true}]"#)
    #expect(try tokenizer.encode("       b") == [3, 1])
    #expect(try tokenizer.encode("a<r>    b  ") == [0, 4, 1, 3])
  }

  @Test(arguments: TokenizerForm.allCases)
  func holdsCharactersBackUntilTheyAreWhole(_ form: TokenizerForm) throws {
    let tokenizer = try TokenizerFixture("gpt2", form).tokenizer
    let bytes = ["ð", "Ł", "ĺ", "Ģ"].compactMap { tokenizer.id(of: $0) }  // F0 9F 98 80, one token a byte
    var decoder = tokenizer.streamingDecoder()
    #expect(bytes.map { decoder.append($0) } == ["", "", "", "😀"])
    #expect(decoder.finish().isEmpty)
    #expect(bytes.dropLast().map { decoder.append($0) } == ["", "", ""])
    #expect(decoder.finish() == "\u{FFFD}")
    #expect(decoder.append(bytes[0]).isEmpty)
    #expect(decoder.append(try #require(tokenizer.id(of: "a"))) == "\u{FFFD}a")
  }

  @Test(arguments: TokenizerForm.allCases)
  func readsConfigs(_ form: TokenizerForm) throws {
    let json = try JSON(
      parsing: #"""
        {"bos_token":{"content":"<|im_start|>","lstrip":false},"eos_token":"<|im_end|>","add_bos_token":false,
         "chat_template":[{"name":"tools","template":"x"},{"name":"default","template":"y"}]}
        """#)
    let config = try TokenizerConfig(json: json, path: "tokenizer_config.json")
    #expect(
      config
        == TokenizerConfig(
          bosToken: "<|im_start|>", eosToken: "<|im_end|>", addBOSToken: false, chatTemplate: "y"))
    let bounded = try TokenizerConfig(
      json: JSON(parsing: #"{"model_max_length":8}"#), path: "tokenizer_config.json")
    #expect(bounded.longestText == 8)
    let path = TokenizerFixture.path("smollm2.tokenizer.json")
    let source = try JSON(readingFile: path)
    let tokenizer = try form.load(source, path: path, config: config)
    #expect(tokenizer.bosToken == tokenizer.id(of: "<|im_start|>"))
    #expect(tokenizer.eosToken == tokenizer.id(of: "<|im_end|>"))
    #expect(throws: FileError.self) {
      try form.load(source, path: path, config: TokenizerConfig(eosToken: "</s>"))
    }
    #expect(throws: FileError.self) { try TokenizerConfig(json: .object(["bos_token": .int(7)]), path: "") }
  }

  @Test func readsItsOwnJSONText() throws {
    let fixture = try TokenizerFixture("qwen2")
    let text = try JSON(parsing: TokenizerFixture.bytes("qwen2.tokenizer.json")).description
    let again = try Tokenizer(parsing: text, path: "x.plan")
    for line in fixture.lines { #expect(try again.encode(line) == fixture.tokenizer.encode(line)) }
  }

  /// A megabyte of one letter, and shorter runs of spaces, combining marks and special tokens, take seconds at most, not
  /// hours.
  @Test(
    .timeLimit(.minutes(1)), arguments: TokenizerTests.names, ["a", " ", "\u{301}", "x<|im_end|>[SEP]</s>"])
  func isNotQuadratic(_ name: String, _ unit: String) throws {
    let tokenizer = try TokenizerFixture(name).tokenizer
    let text = String(repeating: unit, count: (unit == "a" ? 1 << 20 : 1 << 17) / unit.utf8.count)
    let tokens = try tokenizer.encode(text, addSpecialTokens: false)
    guard ["gpt2", "smollm2", "llama3", "qwen2", "llama2"].contains(name), unit.count == 1 else { return }
    // As bytes: to compare a megabyte of combining marks as characters is itself slow.
    let decoded = Array(tokenizer.decode(tokens).utf8)
    let prefix: [UInt8] = name == "gpt2" && unit != " " ? [0x20] : []
    let isEqual = decoded == prefix + text.utf8
    #expect(isEqual)
  }

  @Test(arguments: TokenizerForm.allCases)
  func servesManyThreads(_ form: TokenizerForm) async throws {
    let fixture = try TokenizerFixture("llama3", form)
    let rows = fixture.rows("ids")
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for offset in 0..<8 {
        group.addTask {
          try stride(from: offset, to: fixture.lines.count, by: 3).allSatisfy {
            try fixture.tokenizer.encode(fixture.lines[$0], addSpecialTokens: false) == rows[$0]
          }
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }

  /// More words than the cache holds, twice: the second time from what is left of the cache.
  @Test(arguments: TokenizerForm.allCases)
  func cacheIsBoundedAndRight(_ form: TokenizerForm) throws {
    let tokenizer = try TokenizerFixture("smollm2", form).tokenizer
    let words = (0..<100_000).map { index in
      String(decoding: (0..<4).map { UInt8(ascii: "a") + UInt8(index >> ($0 * 5) & 15) }, as: UTF8.self) + "."
    }
    let text = words.joined(separator: " ")
    let tokens = try tokenizer.encode(text)
    #expect(tokenizer.decode(tokens) == text)
    #expect(try tokenizer.encode(text) == tokens)
  }
}
