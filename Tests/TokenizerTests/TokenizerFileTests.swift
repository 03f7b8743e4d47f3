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
    (#","dropout":0.1"#, "not supported: dropout"), (#","continuing_subword_prefix":"@@""#, "not supported"),
    (#","unk_token":"?""#, "not in the vocabulary"), (#","byte_fallback":true"#, "`<0x00>`"),
    (#","surprise":1"#, "the field `surprise`"), (#","ignore_merges":1"#, "expected true or false"),
  ])
  func refusesModel(_ model: String, _ problem: String) {
    expectFailure(problem) { try Self.tokenizer(model: model) }
  }

  @Test(arguments: [
    (#""normalizer":{"type":"StripAccents"}"#, "the normalizer `StripAccents`"),
    (#""normalizer":{"type":"NFKC"}"#, "the normalizer `NFKC`"),
    (#""pre_tokenizer":{"type":"BertPreTokenizer"}"#, "the pre-tokenizer `BertPreTokenizer`"),
    (#""pre_tokenizer":{"type":"Digits","by":3}"#, "the field `by`"),
    (#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"a("},"behavior":"Isolated"}"#, "a bad pattern"),
    (#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"a"},"behavior":"Never"}"#, "the behavior `Never`"),
    (#""pre_tokenizer":{"type":"Split","pattern":{"String":""},"behavior":"Isolated"}"#, "an empty pattern"),
    (#""post_processor":{"type":"BertProcessing"}"#, "the post-processor `BertProcessing`"),
    (
      #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},"#
        + #"{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"x":{"id":"x","ids":[9],"tokens":["x"]}}}"#,
      "no token has the id 9"
    ),
    (#""decoder":{"type":"WordPiece"}"#, "the decoder `WordPiece`"),
    (
      #""decoder":{"type":"Sequence","decoders":[{"type":"Strip","content":" ","start":1}]}"#,
      "without a Fuse"
    ),
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
    #"\h"#, #"\b"#, #"\R"#, #"\X"#, #"\1"#, #"[a&&b]"#, #"[[a]]"#, #"[[:alpha:]]"#, #"(?<n>a)"#, #"(?R)"#,
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

  /// Damaged files give a tokenizer or a `FileError`, and a tokenizer that came of one still encodes.
  @Test func survivesDamage() throws {
    let original = try TokenizerFixture.bytes("llama2.tokenizer.json")
    var random = SplitMix(state: 11)
    var refused = 0
    for _ in 0..<400 {
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
    #expect(refused > 0 && refused < 400)
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
