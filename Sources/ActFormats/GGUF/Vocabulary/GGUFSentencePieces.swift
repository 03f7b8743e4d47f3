/// `llama`: BPE of SentencePiece, which merges the two neighbours that make the piece with the best score. Merges that
/// do the same are derived from the scores.
struct GGUFSentencePieces: GGUFVocabulary {
  let tokens: GGUFTokens
  private let scores: [Float]
  private let addsSpace: Bool
  private let unknown: Int?

  init(_ tokens: GGUFTokens) throws(FileError) {
    // Spaces within pieces are marks; tokens that users defined are found in the text itself.
    self.tokens = try tokens.respelled { text, kind in
      guard kind == .userDefined else { return text }
      return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "▁" ? " " : $0 }))
    }
    scores = try tokens.scores()
    addsSpace = try tokens.bool("add_space_prefix") ?? true
    unknown = try tokens.id("unknown_token_id") ?? tokens.kinds.firstIndex(of: .unknown)
  }

  var defaultFrame: TokenFrame.Defaults { .init(addsBeginning: true) }
  var normalizer: JSON { SpaceMarks.normalizer(addsSpace: addsSpace) }
  var preTokenizer: JSON { .null }
  var decoder: JSON { SpaceMarks.decoder(addsSpace: addsSpace, hasBytes: tokens.haveBytes) }

  func model() -> JSON {
    TokenizerPart.bytePairs(
      vocabulary: tokens.texts, merges: merges, unknown: unknown.map { tokens.texts[$0] },
      fallsBackToBytes: tokens.haveBytes)
  }

  /// Every cut of every piece into two pieces, best score first.
  ///
  /// Pieces of one score are in the order of their numbers, and cuts of one piece from left to right, as
  /// `transformers` has them. SentencePiece takes the leftmost neighbours in the text instead, which no order of merges
  /// can express; it matters where one piece can be made in two ways that overlap.
  private var merges: [JSON] {
    var pieces = ByteStringTable(capacity: tokens.texts.count)
    var ids: [Int] = []
    for (id, text) in tokens.texts.enumerated()
    where tokens.kinds[id] == .normal || tokens.kinds[id] == .unused {
      if text.withBytes({ pieces.insert($0) }).isNew { ids.append(id) }
    }
    ids.sort { (scores[$1], $0) < (scores[$0], $1) }
    var merges: [JSON] = []
    for id in ids {
      let text = tokens.texts[id]
      text.withBytes { bytes in
        for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
          let (left, right) = (ByteView(rebasing: bytes[..<cut]), ByteView(rebasing: bytes[cut...]))
          guard pieces.index(of: left) != nil, pieces.index(of: right) != nil else { continue }
          merges.append(
            .array([
              .string(String(decoding: left, as: UTF8.self)), .string(String(decoding: right, as: UTF8.self)),
            ]))
        }
      }
    }
    return merges
  }
}
