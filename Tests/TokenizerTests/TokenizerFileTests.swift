import ActFormats
import ActText
import Testing

/// Files that ask for what cannot be had, or that are out to do harm.
@Suite struct TokenizerFileTests {
  static func tokenizer(
    vocab: String = #"{"a":0,"b":1,"ab":2}"#, merges: String = #"["a b"]"#, model: String = "",
    rest: String = ""
  ) throws -> Tokenizer {
    try Tokenizer(
      parsing: #"{"model":{"type":"BPE","vocab":\#(vocab),"merges":\#(merges)\#(model)}\#(rest)}"#,
      path: "t.json")
  }

  private func expectFailure(_ problem: String, _ make: () throws -> Tokenizer) {
    do {
      _ = try make()
      Issue.record("no error; expected: \(problem)")
    } catch {
      #expect(error is FileError)
      #expect("\(error)".contains(problem), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test func readsMergesInBothForms() throws {
    #expect(try Self.tokenizer().encode("abba") == [2, 1, 0])
    #expect(try Self.tokenizer(merges: #"[["a","b"]]"#).encode("abba") == [2, 1, 0])
  }

  @Test func ignoresWhatTheVocabularyLacksOnlyWithoutUnknownToken() throws {
    #expect(try Self.tokenizer().encode("axxb") == [2])
    let vocab = #"{"a":0,"b":1,"ab":2,"?":3}"#
    #expect(try Self.tokenizer(vocab: vocab, model: #","unk_token":"?""#).encode("axxb") == [0, 3, 3, 1])
    let fused = #","unk_token":"?","fuse_unk":true"#
    #expect(try Self.tokenizer(vocab: vocab, model: fused).encode("axxb") == [0, 3, 1])
  }

  @Test(arguments: [
    (#"{"a":0,"b":-1}"#, "the id -1 is not in"), (#"{"a":0,"b":4194304}"#, "is not in 0..<4194304"),
    (#"{"a":0,"b":99999999999999999999}"#, "not an integer"), (#"{"a":0,"b":0}"#, "is that of `a` already"),
    (#"{"a":0,"b":1.5}"#, "not an integer"), (#"{"a":0,"b":"1"}"#, "not an integer"),
    ("[]", "expected an object"),
    (#"{"a":0,"a":1}"#, "duplicate key"),
  ])
  func refusesVocabulary(_ vocab: String, _ problem: String) {
    expectFailure(problem) { try Self.tokenizer(vocab: vocab, merges: "[]") }
  }

  @Test(arguments: [
    #"["a c"]"#, #"["b a"]"#, #"["ab"]"#, #"["a  b"]"#, #"[["a"]]"#, #"[["a","b","a"]]"#, "[7]",
    #"{"a":"b"}"#,
  ])
  func refusesMerges(_ merges: String) {
    expectFailure("model.merges: ") { try Self.tokenizer(merges: merges) }
  }

  @Test(arguments: [
    (#","dropout":0.1"#, "not supported: dropout"), (#","continuing_subword_prefix":"@@""#, "model.merges: "),
    (#","unk_token":"?""#, "not in the vocabulary"), (#","end_of_word_suffix":1"#, "expected a string"),
    (#","surprise":1"#, "the field `surprise`"), (#","ignore_merges":1"#, "expected true or false"),
  ])
  func refusesModel(_ model: String, _ problem: String) {
    expectFailure(problem) { try Self.tokenizer(model: model) }
  }

  @Test(arguments: [
    (#""normalizer":{"type":"Romanize"}"#, "the normalizer `Romanize`"),
    (#""normalizer":{"type":"NFKC","by":3}"#, "the field `by`"),
    (#""normalizer":{"type":"Strip","strip_left":true}"#, "`strip_right` is missing"),
    (
      #""normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true}"#,
      "`lowercase` is missing"
    ),
    (
      #""normalizer":{"type":"Precompiled","precompiled_charsmap":null}"#, "`precompiled_charsmap` is missing"
    ),
    (#""normalizer":{"type":"Precompiled","precompiled_charsmap":"A"}"#, "not base64"),
    (#""normalizer":{"type":"Precompiled","precompiled_charsmap":"AAA="}"#, "found 2 bytes"),
    (
      #""normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAAAA=="}"#,
      "a trie of 4 to 0 bytes, found 0"
    ),
    (#""normalizer":{"type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAD/"}"#, "not UTF-8"),
    (#""pre_tokenizer":{"type":"Jieba"}"#, "the pre-tokenizer `Jieba`"),
    (#""pre_tokenizer":{"type":"FixedLength","length":0}"#, "expected a length of 1 or more"),
    (#""pre_tokenizer":{"type":"CharDelimiterSplit","delimiter":"ab"}"#, "expected one character"),
    (#""pre_tokenizer":{"type":"Metaspace","replacement":"__"}"#, "expected one character"),
    (
      #""pre_tokenizer":{"type":"Metaspace","replacement":"_","add_prefix_space":false,"prepend_scheme":"first"}"#,
      "expected never"
    ),
    (#""pre_tokenizer":{"type":"Digits","by":3}"#, "the field `by`"),
    (#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"a("},"behavior":"Isolated"}"#, "a bad pattern"),
    (#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"a"},"behavior":"Never"}"#, "the behavior `Never`"),
    (#""pre_tokenizer":{"type":"Split","pattern":{"String":""},"behavior":"Isolated"}"#, "an empty pattern"),
    (#""post_processor":{"type":"BertProcessing"}"#, "`cls` is missing"),
    (#""post_processor":{"type":"BertProcessing","cls":["a",0],"sep":["b",9]}"#, "no token has the id 9"),
    (
      #""post_processor":{"type":"RobertaProcessing","cls":["a"],"sep":["b",1]}"#,
      "expected a token and its id"
    ),
    (
      #""post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}]}"#,
      "expected A, found B"
    ),
    (
      #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},"#
        + #"{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"x":{"id":"x","ids":[9],"tokens":["x"]}}}"#,
      "no token has the id 9"
    ),
    (#""decoder":{"type":"WordPiece"}"#, "`prefix` is missing"),
    (#""decoder":{"type":"Speech"}"#, "the decoder `Speech`"),
    (#""decoder":{"type":"Strip","content":" ","start":-1}"#, "expected 0 or more, found -1"),
    (#""added_tokens":[{"id":0,"content":"<s>"}]"#, "is that of `a` already"),
    (#""added_tokens":[{"id":7,"content":"ab"}]"#, "but the vocabulary has 2"),
    (#""added_tokens":[{"id":7,"content":""}]"#, "expected 1 to 1024 bytes"),
    (#""added_tokens":[{"id":7,"content":"x"},{"id":7,"content":"x"}]"#, "added twice"),
    (#""added_tokens":{}"#, "expected an array"), (#""extra":1"#, "the field `extra`"),
  ])
  func refusesComponent(_ component: String, _ problem: String) {
    expectFailure(problem) { try Self.tokenizer(rest: "," + component) }
  }

  @Test(arguments: [
    #"\h"#, #"\b"#, #"\R"#, #"\X"#, #"\1"#, #"[a&&b]"#, #"[[^a]]"#, #"[a-[b]]"#, #"[[a]-b]"#, #"[[:alpha:]]"#,
    #"(?<n>a)"#, #"(?R)"#,
    #"(*UTF)"#, #"a{1,3}+"#, #"(?m:a)"#, #"(?#c)"#, #"[\W]"#, #"\pL"#, #"\xff"#, #"a\"#,
  ])
  func refusesWhatTwoRegexDialectsReadDifferently(_ pattern: String) {
    let json = JSON.object(["Regex": .string(pattern)])
    expectFailure("pattern") {
      try Self.tokenizer(
        rest: #","pre_tokenizer":{"type":"Split","pattern":\#(json),"behavior":"Isolated"}"#)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func givesUpCatastrophicPatterns() throws {
    let tokenizer = try Self.tokenizer(
      rest: #","pre_tokenizer":{"type":"Split","pattern":{"Regex":"(?:a+)+[^ab]"},"behavior":"Isolated"}"#)
    #expect(try tokenizer.encode("aab", addSpecialTokens: false) == [0, 2])
    #expect(throws: FileError.self) { try tokenizer.encode(String(repeating: "a", count: 5000)) }
  }

  @Test func boundsWhatNormalizersMakeOfAText() throws {
    let double = #"{"type":"Replace","pattern":{"String":"a"},"content":"aa"}"#
    func tokenizer(doublings: Int) throws -> Tokenizer {
      let list = Array(repeating: double, count: doublings).joined(separator: ",")
      return try Self.tokenizer(rest: #","normalizer":{"type":"Sequence","normalizers":[\#(list)]}"#)
    }
    #expect(try tokenizer(doublings: 5).encode("a") == Array(repeating: 0, count: 32))
    #expect(throws: FileError.self) { try tokenizer(doublings: 60).encode("a") }
    expectFailure("more than 64 normalizers") { try tokenizer(doublings: 65) }
  }

  @Test func refusesDeepNesting() {
    let deep = String(repeating: #"{"type":"Sequence","normalizers":["#, count: 2000)
    expectFailure("nested too deeply") { try Self.tokenizer(rest: #","normalizer":"# + deep) }
  }

  @Test func namesAMissingFile() {
    expectFailure("/nowhere/tokenizer.json: No such file") { try Tokenizer(directory: "/nowhere") }
  }

  @Test(arguments: [
    (
      #"{"type":"WordPiece","vocab":{"a":0},"unk_token":"?","continuing_subword_prefix":"-"}"#,
      "`max_input_chars_per_word`"
    ),
    (
      #"{"type":"WordPiece","vocab":{"a":0},"unk_token":"?","max_input_chars_per_word":9}"#,
      "`continuing_subword_prefix`"
    ),
    (#"{"type":"Unigram","vocab":[["a",-1]],"unk_id":1}"#, "expected an id of 1 pieces, found 1"),
    (#"{"type":"Unigram","vocab":[["a"]]}"#, "piece 0 is not a text and a score"),
    (#"{"type":"Unigram","vocab":[["a",1e999]]}"#, "piece 0 is not a text and a score"),
    (#"{"type":"Unigram","vocab":{"a":1}}"#, "expected an array"),
    (#"{"type":"WordLevel","vocab":{"a":1}}"#, "`unk_token` is missing"),
    (#"{"type":"Characters","vocab":{"a":1}}"#, "the model `Characters`"),
    (#"{"vocab":{"a":1},"unk_token":"a","surprise":1}"#, "the field `surprise`"),
  ])
  func refusesModels(_ model: String, _ problem: String) {
    expectFailure(problem) { try Tokenizer(parsing: #"{"model":\#(model)}"#, path: "t.json") }
  }

  /// The kind of a model that does not name it, as old files do not.
  @Test func tellsModelsByTheirMembers() throws {
    func ids(_ model: String, _ text: String) throws -> [Int] {
      let json = try JSON(parsing: #"{"model":\#(model)}"#)
      let ids = try TokenizerForm.allCases.map { try $0.load(json, path: "t.json").encode(text) }
      #expect(ids[0] == ids[1])
      return ids[0]
    }
    #expect(try ids(#"{"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}"#, "aab") == [0, 2])
    #expect(try ids(#"{"vocab":[["a",-1],["ab",-1],["b",-3]],"unk_id":0}"#, "aab") == [0, 1])
    #expect(try ids(#"{"vocab":{"a":7,"?":1},"unk_token":"?"}"#, "a") == [7])
    let wordPiece = #""unk_token":"?","continuing_subword_prefix":"-","max_input_chars_per_word":3"#
    #expect(try ids(#"{"vocab":{"a":7,"-ab":3,"?":1},\#(wordPiece)}"#, "aab") == [7, 3])
    #expect(try ids(#"{"vocab":{"a":7,"-ab":3,"?":1},\#(wordPiece)}"#, "aabab") == [1])
  }

  @Test(arguments: [
    #"{"type":"WordLevel","vocab":{"a":7},"unk_token":"?"}"#, #"{"type":"Unigram","vocab":[["a",-1]]}"#,
    #"{"vocab":{"a":7},"unk_token":"?","continuing_subword_prefix":"-","max_input_chars_per_word":3}"#,
  ])
  func failsWhereAWordHasNoToken(_ model: String) throws {
    let tokenizer = try Tokenizer(parsing: #"{"model":\#(model)}"#, path: "t.json")
    #expect(try tokenizer.encode("a").count == 1)
    #expect {
      try tokenizer.encode("b")
    } throws: {
      "\($0)".hasPrefix("t.json: model: the text has a word that no tokens make")
    }
  }

  /// Where every byte has a token, an unknown token that the vocabulary lacks is of no account.
  @Test func needsNoUnknownTokenWhereAllIsKnown() throws {
    let json = try JSON(readingFile: TokenizerFixture.path("smollm2.tokenizer.json"))
    let model = try #require(json["model"]).replacing([JSON.Member("unk_token", .string("<absent>"))])
    let tokenizer = try Tokenizer(json: json.replacing([JSON.Member("model", model)]), path: "t.json")
    let whole = try Tokenizer(json: json, path: "t.json")
    #expect(try tokenizer.encode("the \u{1F600} engine") == whole.encode("the \u{1F600} engine"))
  }

  @Test func hasNoPairWithoutATemplate() throws {
    let single =
      #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{}}"#
    let tokenizer = try Self.tokenizer(rest: #","post_processor":\#(single)"#)
    #expect(try tokenizer.encode("ab") == [2])
    #expect(throws: FileError.self) { try tokenizer.encoding(of: "ab", and: "b") }
  }

  /// Damaged files give a tokenizer or a `FileError`, and a tokenizer that came of one still encodes.
  @Test(arguments: ["llama2", "bert", "t5", "xlmr", "clip", "words"]) func survivesDamage(_ name: String)
    throws
  {
    let original = try TokenizerFixture.bytes(name + ".tokenizer.json")
    var random = SplitMix(state: 11)
    var refused = 0
    for _ in 0..<120 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        bytes[at] = bytes[Int.random(in: 0..<bytes.count, using: &random)]
      }
      do {
        let tokenizer = try Tokenizer(parsing: String(decoding: bytes, as: UTF8.self), path: "t.json")
        _ = tokenizer.decode(try tokenizer.encode("the <s> engine 漢 1234\n"))
      } catch {
        refused += 1
      }
    }
    #expect(refused > 0 && refused < 120)
  }
}

/// Splitmix64: the same numbers on every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
