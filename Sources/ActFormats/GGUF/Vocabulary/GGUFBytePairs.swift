/// `gpt2`: byte-level BPE, whose merges the file gives.
struct GGUFBytePairs: GGUFVocabulary {
  let tokens: GGUFTokens
  private let merges: [String]
  private let rule: GGUFPreTokenizer

  init(_ tokens: GGUFTokens, _ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    self.tokens = tokens
    rule = try Self.rule(file, metadata)
    merges = try tokens.strings("merges")
    let vocabulary = Set(tokens.texts)
    for merge in merges {
      let parts = merge.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, vocabulary.isSuperset(of: parts), vocabulary.contains(parts.joined()) else {
        throw tokens.failure("merges", "`\(merge)` does not join two tokens to a third")
      }
    }
  }

  /// The rule that the file names. One without a name is older than the entry: its architecture's rule, else GPT-2's.
  private static func rule(
    _ file: GGUFFile, _ metadata: GGUFMetadata
  ) throws(FileError) -> GGUFPreTokenizer {
    let place = GGUFTokens.place("pre")
    if let name = try metadata.string(place) { return try GGUFPreTokenizer(named: name, file.path) }
    let isNeoX = try metadata.string("general.architecture") == "gptneox"
    let name = isNeoX ? "olmo" : "gpt-2"
    metadata.noteMissing(place, taking: "\(name); text is cut wrongly if the model's own rule is another")
    return try GGUFPreTokenizer(named: name, file.path)
  }

  var defaultFrame: TokenFrame.Defaults {
    .init(
      addsBeginning: rule.addsBeginning, separatesPairs: rule.separatesPairs,
      secondType: rule.separatesPairs ? 0 : 1)
  }

  var normalizer: JSON { rule.normalizer }
  var preTokenizer: JSON { rule.json }
  var decoder: JSON { TokenizerPart.byteLevel(usesRegex: true) }

  func model() -> JSON {
    TokenizerPart.bytePairs(
      vocabulary: tokens.texts, merges: merges.map(JSON.string), ignoresMerges: rule.ignoresMerges)
  }
}
