/// `t5`: the unigram model of SentencePiece, with the rewriting rules that it compiles.
struct GGUFUnigrams: GGUFVocabulary {
  let tokens: GGUFTokens
  private let scores: [Float]
  private let charsmap: String?
  private let addsSpace: Bool
  private let collapses: Bool
  private let unknown: Int

  init(_ tokens: GGUFTokens) throws(FileError) {
    self.tokens = tokens
    scores = try tokens.scores()
    let bytes = try tokens.bytes("precompiled_charsmap")
    charsmap = bytes.flatMap { $0.isEmpty ? nil : $0.base64 }
    // What llama.cpp takes; converters write both.
    addsSpace = try tokens.bool("add_space_prefix", orTake: false)
    collapses = try tokens.bool("remove_extra_whitespaces", orTake: false)
    guard let unknown = try tokens.id("unknown_token_id") ?? tokens.kinds.firstIndex(of: .unknown) else {
      throw tokens.failure("unknown_token_id", "is missing, and no token is of the unknown type")
    }
    self.unknown = unknown
  }

  var defaultFrame: TokenFrame.Defaults { .init(addsEnd: true, marksMask: true, secondType: 0) }

  var normalizer: JSON {
    SpaceMarks.normalizer(charsmap: charsmap, addsSpace: addsSpace, collapses: collapses)
  }

  /// Words, where no piece goes beyond one; they are found faster than a whole text.
  var preTokenizer: JSON {
    let isWithinWords = zip(tokens.texts, tokens.kinds).allSatisfy { text, kind in
      kind != .normal && kind != .unused || !text.unicodeScalars.dropFirst().contains("▁")
    }
    guard isWithinWords else { return .null }
    return .object([
      "type": .string("Metaspace"), "replacement": .string(SpaceMarks.mark),
      "prepend_scheme": .string("never"), "split": .bool(true),
    ])
  }

  var decoder: JSON { SpaceMarks.decoder(addsSpace: addsSpace, hasBytes: tokens.haveBytes) }

  func model() -> JSON {
    .object([
      "type": .string("Unigram"), "unk_id": .int(unknown), "byte_fallback": .bool(tokens.haveBytes),
      "vocab": .array(
        zip(tokens.texts, scores).map { .array([.string($0), .double(Double($1))]) }),
    ])
  }
}
