/// The tokenizer of a GGUF file, checked, and its Hugging Face form.
///
/// Vocabularies are those of `GGUFVocabularyKind`. Where llama.cpp and the published tokenizer of a family differ, the
/// form is the published one.
package struct GGUFTokenizer: Sendable {
  private let vocabulary: any GGUFVocabulary
  private let frame: TokenFrame
  private let chatTemplate: String?
  /// Special tokens take the white space after them: Phi-3's, of which the format has no record.
  private let stripsAfterSpecial: Bool

  /// The kinds of vocabularies that are supported, and the pre-tokenizers of the first, as files name them.
  package static var vocabularies: [String] { GGUFVocabularyKind.allCases.map(\.rawValue) }
  package static var preTokenizers: [String] { GGUFPreTokenizer.names }

  init(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    let kind = try GGUFVocabularyKind(file, metadata)
    vocabulary = try kind.read(file, metadata)
    frame = try TokenFrame(vocabulary.tokens, vocabulary.defaultFrame)
    chatTemplate = try metadata.string("tokenizer.chat_template")
    let architecture = try metadata.string("general.architecture")
    stripsAfterSpecial = kind == .sentencePieces && architecture == "phi3"
  }

  /// Reads the vocabulary of a file, of which nothing else is needed. `note` receives what the file leaves out.
  package init(_ file: GGUFFile, note: @escaping @Sendable (String) -> Void = { _ in }) throws(FileError) {
    try self.init(file, GGUFMetadata(file, note: note))
  }

  /// The beginning-of-sequence token, the end-of-sequence token and the padding token. Classifiers have no first two.
  var beginning: Int? { frame.isClassifier ? nil : frame.beginning }
  var end: Int? { frame.isClassifier ? nil : frame.end }
  var padding: Int? { frame.padding }

  /// `tokenizer.json`.
  package func json() throws(FileError) -> JSON {
    .object([
      "version": .string("1.0"), "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens),
      "normalizer": vocabulary.normalizer, "pre_tokenizer": vocabulary.preTokenizer,
      "post_processor": frame.postProcessor, "decoder": vocabulary.decoder, "model": try vocabulary.model(),
    ])
  }

  private var addedTokens: [JSON] {
    let tokens = vocabulary.tokens
    return tokens.texts.indices.compactMap { id in
      let kind = tokens.kinds[id]
      guard kind == .control || kind == .userDefined || kind == .unknown else { return nil }
      // Of Phi-3, those of its base vocabulary but the end token do not.
      let strips = stripsAfterSpecial && !["<unk>", "<s>", "<|endoftext|>"].contains(tokens.texts[id])
      return .object([
        "id": .int(id), "content": .string(tokens.texts[id]), "single_word": .bool(false),
        "lstrip": .bool(frame.marksMask && id == frame.mask), "rstrip": .bool(strips),
        "normalized": .bool(false), "special": .bool(kind != .userDefined),
      ])
    }
  }

  /// `tokenizer_config.json`.
  package var config: JSON {
    var members: [JSON.Member] = [.init("tokenizer_class", .string("PreTrainedTokenizerFast"))]
    if !frame.isClassifier {
      members.append(.init("add_bos_token", .bool(frame.addsBeginning)))
      members.append(.init("add_eos_token", .bool(frame.addsEnd)))
    }
    members.append(.init("clean_up_tokenization_spaces", .bool(false)))
    for (key, id) in [
      ("bos_token", beginning), ("eos_token", end), ("cls_token", frame.isClassifier ? frame.beginning : nil),
      ("sep_token", frame.separator), ("pad_token", padding), ("unk_token", frame.unknown),
      ("mask_token", frame.mask),
    ] {
      if let id { members.append(.init(key, .string(vocabulary.tokens.texts[id]))) }
    }
    if let chatTemplate { members.append(.init("chat_template", .string(chatTemplate))) }
    return .object(members)
  }
}
