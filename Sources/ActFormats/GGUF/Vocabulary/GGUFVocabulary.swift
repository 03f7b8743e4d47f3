/// A kind of vocabulary, as `tokenizer.ggml.model` names it: the components of its `tokenizer.json`.
protocol GGUFVocabulary: Sendable {
  /// The tokens, spelled as in `tokenizer.json`.
  var tokens: GGUFTokens { get }
  /// What is put around texts where the file does not say.
  var defaultFrame: TokenFrame.Defaults { get }

  var normalizer: JSON { get }
  var preTokenizer: JSON { get }
  var decoder: JSON { get }
  /// The model, with its vocabulary.
  func model() throws(FileError) -> JSON
}

/// The kinds that are supported.
enum GGUFVocabularyKind: String, CaseIterable {
  case bytePairs = "gpt2"
  case sentencePieces = "llama"
  case wordPieces = "bert"
  case unigrams = "t5"

  init(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    let name = try metadata.string(GGUFTokens.place("model"))
    guard let kind = name.flatMap(Self.init) else {
      throw FileError.unsupported(
        file.path, GGUFTokens.place("model"), "the vocabulary `\(name ?? "none")` is not supported",
        next: "these are: \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = kind
  }

  func read(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) -> any GGUFVocabulary {
    let tokens = try GGUFTokens(file, metadata)
    return switch self {
    case .bytePairs: try GGUFBytePairs(tokens, file, metadata)
    case .sentencePieces: try GGUFSentencePieces(tokens)
    case .wordPieces: try GGUFWordPieces(tokens)
    case .unigrams: try GGUFUnigrams(tokens)
    }
  }
}
