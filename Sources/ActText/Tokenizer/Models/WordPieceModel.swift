import ActFormats

/// A WordPiece model, as BERT's: a word is cut into the longest tokens that it begins with, one after the other
/// (Devlin et al. 2019; `tokenization.py` of BERT). Tokens inside of a word begin with a prefix.
struct WordPieceModel: Sendable {
  private var tree: PrefixTree
  /// The node that tokens inside of a word are looked for from; nil where there are none.
  private var inside: PrefixTree.Node?
  /// Stands for a word that tokens do not make, or that is too long; nil where the vocabulary lacks it.
  private var unknown: Int32?
  /// How many characters a word may have.
  private var maximumLength: Int

  /// Appends the tokens of `word` to `out`.
  func encode(_ word: ByteView, into out: inout [Int32]) throws(TokenizationFailure) {
    let count = out.count
    var isKnown = word.lazy.filter { $0 & 0xC0 != 0x80 }.count <= maximumLength
    var at = 0
    while isKnown, at < word.count {
      if let node = at == 0 ? PrefixTree.root : inside,
        let match = tree.longestMatch(word, from: at, at: node)
      {
        out.append(match.value)
        at = match.end
      } else {
        isKnown = false
      }
    }
    if isKnown { return }
    guard let unknown else { throw .noUnknownToken }
    out.removeSubrange(count...)
    out.append(unknown)
  }
}

extension WordPieceModel {
  /// Reads the `model` of a `tokenizer.json`; the vocabulary is in `tables` where it is given, else in the JSON too.
  static func read(
    _ json: LocatedJSON, tables: TokenizerTables?
  ) throws(FileError) -> (WordPieceModel, Vocabulary) {
    try json.expectOnly(
      ["type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word"], or: "vocab",
      unless: tables != nil)
    let vocabulary = try Vocabulary(json, tables)
    let prefix = try json.string("continuing_subword_prefix")
    let maximumLength = try json.required("max_input_chars_per_word")
    guard try maximumLength.int() >= 0 else { throw maximumLength.failure("expected 0 or more") }
    var tree = PrefixTree(nodeCount: vocabulary.byteCount / 2)
    for id in 0..<vocabulary.idCount {
      vocabulary.text(of: id)?.withUnsafeBufferPointer { tree.insert($0, Int32(id)) }
    }
    let model = WordPieceModel(
      tree: tree, inside: tree.node(at: prefix.utf8),
      unknown: try json.string("unk_token").withBytes { vocabulary.modelID(of: $0) },
      maximumLength: try maximumLength.int())
    return (model, vocabulary)
  }
}
