import ActFormats
import Synchronization

/// A tokenizer, as Hugging Face `tokenizer.json` files describe it.
///
/// Tokens are equal to those of the `tokenizers` library. What a file requires and this type does not support is
/// an error when it is loaded. `truncation` and `padding` are left to the caller. Threads may share a
/// tokenizer.
package final class Tokenizer: Sendable {
  let path: String
  let vocabulary: Vocabulary
  let decoder: TokenDecoder
  private let model: TokenModel
  private let normalizer: Normalizer
  private let preTokenizer: PreTokenizer
  private let postProcessor: PostProcessor
  private let addedTokens: AddedTokens
  private let idle = Mutex<[EncodingScratch]>([])

  /// The token that begins a sequence, and the one that ends it, where a `TokenizerConfig` names them.
  package let bosToken: Int?
  package let eosToken: Int?

  /// The large tables of the model as arrays, for a plan.
  var tables: TokenizerTables { TokenizerTables(model, vocabulary) }

  /// Builds a tokenizer from the JSON of a `tokenizer.json`. `path` is for error messages.
  package convenience init(json: JSON, path: String, config: TokenizerConfig? = nil) throws(FileError) {
    try self.init(json, tables: nil, path, config)
  }

  /// Builds a tokenizer from its compiled form, which is checked. `path` is for error messages.
  package convenience init(
    _ compiled: CompiledTokenizer, path: String, config: TokenizerConfig? = nil
  ) throws(FileError) {
    try self.init(compiled.rules, tables: compiled.tables, path, config)
  }

  private init(
    _ json: JSON, tables: TokenizerTables?, _ path: String, _ config: TokenizerConfig?
  ) throws(FileError) {
    let root = LocatedJSON(path: path, place: "", value: json)
    try root.expectOnly([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
      "decoder", "model",
    ])
    self.path = path
    normalizer = try Normalizer(root["normalizer"])
    var preTokenizer = try PreTokenizer(root["pre_tokenizer"])
    var vocabulary: Vocabulary
    (model, vocabulary) = try TokenModel.read(
      root.required("model"), tables: tables, isByteLevel: preTokenizer.isByteLevel)
    if preTokenizer.isByteLevel, !model.takesBytes { preTokenizer.steps.append(.byteLevel) }
    self.preTokenizer = preTokenizer
    addedTokens = try AddedTokens(root["added_tokens"], normalizer, &vocabulary)
    self.vocabulary = vocabulary
    postProcessor = try PostProcessor(root["post_processor"]) { [vocabulary] in vocabulary.text(of: $0) != nil
    }
    decoder = try TokenDecoder(root["decoder"])
    bosToken = try Tokenizer.id(config?.bosToken, "bos_token", vocabulary, path)
    eosToken = try Tokenizer.id(config?.eosToken, "eos_token", vocabulary, path)
  }

  private static func id(
    _ token: String?, _ key: String, _ vocabulary: Vocabulary, _ path: String
  ) throws(FileError) -> Int? {
    guard let token else { return nil }
    guard let id = token.withBytes({ vocabulary.id(of: $0) }) else {
      throw FileError(path, key, "no token is `\(token)`", next: "check tokenizer_config.json")
    }
    return Int(id)
  }

  /// The number of ids: the highest one + 1. There may be ids that no token has.
  package var vocabSize: Int { vocabulary.idCount }

  /// The id of the token spelled `text`, in the file's spelling.
  package func id(of text: String) -> Int? { text.withBytes { vocabulary.id(of: $0) }.map { Int($0) } }

  /// The token with this id, in the file's spelling.
  package func token(of id: Int) -> String? {
    vocabulary.text(of: id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What decoding begins with for the token with this id.
  func spelling(of id: Int) -> [UInt8]? {
    addedTokens.normalForms[id] ?? vocabulary.text(of: id).map { Array($0) }
  }

  /// Whether this id is a special token's, which `decode` can skip.
  package func isSpecial(_ id: Int) -> Bool { addedTokens.special.contains(id) }

  /// The tokens of `text`. `addSpecialTokens` puts the tokens of the file's post-processor around it.
  ///
  /// Fails where a pattern of the file backtracks beyond all measure on this text, and where the text has a word that no
  /// tokens make and the file has no unknown token.
  package func encode(_ text: String, addSpecialTokens: Bool = true) throws(FileError) -> [Int] {
    try encoding(of: text, addSpecialTokens: addSpecialTokens).ids
  }

  /// The tokens of `text`, or of `text` and `second` as a pair, with their types.
  ///
  /// Fails as `encode` does, and where the file has no template for a pair.
  package func encoding(
    of text: String, and second: String? = nil, addSpecialTokens: Bool = true
  ) throws(FileError) -> TokenEncoding {
    var texts = [TokenEncoding(try bareTokens(text), typeID: 0)]
    if let second { texts.append(TokenEncoding(try bareTokens(second), typeID: 1)) }
    guard let encoding = postProcessor.apply(to: texts, addSpecialTokens: addSpecialTokens) else {
      throw FileError(
        path, "post_processor.pair", "the file has no template for two texts", next: "encode one text")
    }
    return encoding
  }

  /// The tokens of `text` alone.
  private func bareTokens(_ text: String) throws(FileError) -> [Int32] {
    guard text.utf8.count < Int(Int32.max) else { throw FileError(path, nil, "a text over 2 GiB") }
    let scratch = idle.withLock { $0.popLast() } ?? EncodingScratch()
    // What a very long text left behind is not worth its memory.
    defer { if scratch.tokens.count < 1 << 20 { idle.withLock { $0.append(scratch) } } }
    scratch.tokens.removeAll(keepingCapacity: true)
    do {
      try encode(Array(text.utf8), scratch)
    } catch {
      throw FileError(path, error.part, error.problem, next: "check the file, and the text")
    }
    return scratch.tokens
  }

  /// The text of `tokens`. Ids that no token has add nothing; bytes that are not UTF-8 become U+FFFD.
  package func decode(_ tokens: some Sequence<Int>, skipSpecialTokens: Bool = true) -> String {
    var decoder = StreamingDecoder(self, skipSpecialTokens: skipSpecialTokens)
    for token in tokens { decoder.add(token) }
    return decoder.finish()
  }

  /// A decoder for tokens that come one at a time.
  package func streamingDecoder(skipSpecialTokens: Bool = true) -> StreamingDecoder {
    StreamingDecoder(self, skipSpecialTokens: skipSpecialTokens)
  }

  private func encode(_ text: [UInt8], _ scratch: EncodingScratch) throws(TokenizationFailure) {
    for piece in addedTokens.split(text, 0..<text.count, normalized: false) {
      if let token = piece.token {
        scratch.tokens.append(token)
        continue
      }
      let origin =
        piece.range.lowerBound > 0 ? 0 : text.withUnsafeBufferPointer { $0.scalarWidth(at: 0) }
      if normalizer.steps.isEmpty {
        try encodeNormalized(NormalText(bytes: text, origin: origin), piece.range, scratch)
      } else {
        let normal = try normalizer.normalize(
          NormalText(bytes: Array(text[piece.range]), origin: origin), scratch.match)
        try encodeNormalized(normal, 0..<normal.bytes.count, scratch)
      }
    }
  }

  private func encodeNormalized(
    _ text: NormalText, _ range: Range<Int>, _ scratch: EncodingScratch
  ) throws(TokenizationFailure) {
    for piece in addedTokens.split(text.bytes, range, normalized: true) {
      if let token = piece.token {
        scratch.tokens.append(token)
        continue
      }
      var words = PreTokenizer.Words(text: text, ranges: [piece.range])
      try preTokenizer.apply(to: &words, scratch.match)
      for range in words.ranges {
        try words.text.bytes.withUnsafeBufferPointer { (bytes) throws(TokenizationFailure) in
          try scratch.encode(ByteView(rebasing: bytes[range]), model, vocabulary)
        }
      }
    }
  }
}

/// What one call of `encode` writes to; calls at the same time have one each.
///
/// Unchecked, because a tokenizer hands it to one call at a time.
private final class EncodingScratch: @unchecked Sendable {
  let match = MatchScratch()
  var tokens: [Int32] = []
  private var model = ModelScratch()
  private var cache = WordCache()

  func encode(_ word: ByteView, _ model: TokenModel, _ vocabulary: Vocabulary) throws(TokenizationFailure) {
    if cache.append(word, to: &tokens) { return }
    let start = tokens.count
    try model.encode(word, vocabulary, &self.model, into: &tokens)
    cache.insert(word, tokens[start...])
  }
}
