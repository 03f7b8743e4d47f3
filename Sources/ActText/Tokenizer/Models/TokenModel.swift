import ActFormats

/// The part of a tokenizer that turns one word into tokens. Each kind is a file of its own.
enum TokenModel: Sendable {
  case bytePair(BytePairModel)
  case wordPiece(WordPieceModel)
  case unigram(UnigramModel)
  case wordLevel(WordLevelModel)

  /// Whether words come as the bytes that they stand for, not spelled in the byte-level alphabet.
  var takesBytes: Bool {
    guard case .bytePair(let model) = self, case .bytes = model.symbols else { return false }
    return true
  }

  /// Appends the tokens of `word` to `out`. `vocabulary` is the one that was read with the model.
  func encode(
    _ word: ByteView, _ vocabulary: Vocabulary, _ scratch: inout ModelScratch, into out: inout [Int32]
  ) throws(TokenizationFailure) {
    switch self {
    case .bytePair(let model): model.encode(word, vocabulary, &scratch.merger, into: &out)
    case .wordPiece(let model): try model.encode(word, into: &out)
    case .unigram(let model): try model.encode(word, vocabulary, &scratch.lattice, into: &out)
    case .wordLevel(let model): try model.encode(word, vocabulary, into: &out)
    }
  }
}

/// What the models write to while they encode a word.
struct ModelScratch {
  var merger = PairMerger()
  var lattice = UnigramLattice()
}

/// Why a text cannot be encoded.
struct TokenizationFailure: Error {
  var problem: String
  /// The part of the file that the failure comes from.
  var part = "normalizer or pre_tokenizer"

  /// A word that a model has no token for, and no unknown token either.
  static let noUnknownToken = TokenizationFailure(
    problem: "the text has a word that no tokens make, and there is no unknown token", part: "model")
}

extension TokenModel {
  /// Reads the `model` of a `tokenizer.json` and its vocabulary; the large tables are in `tables` where it is given,
  /// else in the JSON too.
  static func read(
    _ json: LocatedJSON, tables: TokenizerTables?, isByteLevel: Bool
  ) throws(FileError) -> (model: TokenModel, vocabulary: Vocabulary) {
    let kind = try Kind(json)
    try tables?.expectOnly(merges: kind == .bytePair, scores: kind == .unigram, path: json.path)
    switch kind {
    case .bytePair:
      let (model, vocabulary) = try BytePairModel.read(json, tables: tables, isByteLevel: isByteLevel)
      return (.bytePair(model), vocabulary)
    case .wordPiece:
      let (model, vocabulary) = try WordPieceModel.read(json, tables: tables)
      return (.wordPiece(model), vocabulary)
    case .unigram:
      let (model, vocabulary) = try UnigramModel.read(json, tables: tables)
      return (.unigram(model), vocabulary)
    case .wordLevel:
      let (model, vocabulary) = try WordLevelModel.read(json, tables: tables)
      return (.wordLevel(model), vocabulary)
    }
  }

  /// The kinds of models, by their names in `tokenizer.json`.
  enum Kind: String, CaseIterable {
    case bytePair = "BPE"
    case wordPiece = "WordPiece"
    case unigram = "Unigram"
    case wordLevel = "WordLevel"

    /// The kind that `type` names. Old files leave it out; their other members tell.
    init(_ json: LocatedJSON) throws(FileError) {
      guard let type = try json["type"]?.string() else {
        self =
          if json["merges"] != nil {
            .bytePair
          } else if json["vocab"]?.value.array != nil {
            .unigram
          } else if json["max_input_chars_per_word"] != nil {
            .wordPiece
          } else {
            .wordLevel
          }
        return
      }
      guard let kind = Kind(rawValue: type) else {
        throw json.unsupported(
          "the model `\(type)`, only \(Kind.allCases.map(\.rawValue).joined(separator: ", ")) are")
      }
      self = kind
    }
  }
}
