import ActFormats

/// A model whose tokens are whole words.
struct WordLevelModel: Sendable {
  /// Stands for a word that is no token; nil where the vocabulary lacks it.
  private var unknown: Int32?

  /// Appends the token of `word` to `out`.
  func encode(
    _ word: ByteView, _ vocabulary: Vocabulary, into out: inout [Int32]
  ) throws(TokenizationFailure) {
    guard let id = vocabulary.modelID(of: word) ?? unknown else { throw .noUnknownToken }
    out.append(id)
  }
}

extension WordLevelModel {
  /// Reads the `model` of a `tokenizer.json`; the vocabulary is in `tables` where it is given, else in the JSON too.
  static func read(
    _ json: LocatedJSON, tables: TokenizerTables?
  ) throws(FileError) -> (WordLevelModel, Vocabulary) {
    try json.expectOnly(["type", "unk_token"], or: "vocab", unless: tables != nil)
    let vocabulary = try Vocabulary(json, tables)
    let unknown = try json.string("unk_token").withBytes { vocabulary.modelID(of: $0) }
    return (WordLevelModel(unknown: unknown), vocabulary)
  }
}
