/// `bert`: WordPiece. llama.cpp marks the pieces that begin a word, `tokenizer.json` those that do not.
struct GGUFWordPieces: GGUFVocabulary {
  let tokens: GGUFTokens
  private let lowercases: Bool
  private let stripsAccents: Bool?
  private let unknown: String

  init(_ tokens: GGUFTokens) throws(FileError) {
    self.tokens = try tokens.respelled { text, kind in
      // By scalars: a mark after `▁` makes one character with it.
      let scalars = text.unicodeScalars
      // Older files leave all texts in brackets as they are, whatever their kind.
      if kind == .control || kind == .unknown || scalars.first == "[" && scalars.last == "]" { return text }
      return scalars.first == "▁" ? String(scalars.dropFirst()) : "##" + text
    }
    lowercases = try tokens.bool("normalizer.lowercase") ?? true
    stripsAccents = try tokens.bool("normalizer.strip_accents")
    guard let unknown = try tokens.id("unknown_token_id") ?? tokens.texts.firstIndex(of: "[UNK]") else {
      throw tokens.failure("unknown_token_id", "is missing, and no token is `[UNK]`")
    }
    self.unknown = tokens.texts[unknown]
  }

  var defaultFrame: TokenFrame.Defaults {
    .init(addsBeginning: true, addsEnd: true, isClassifier: true)
  }

  var normalizer: JSON {
    .object([
      "type": .string("BertNormalizer"), "clean_text": .bool(true), "handle_chinese_chars": .bool(true),
      "strip_accents": stripsAccents.map(JSON.bool) ?? .null, "lowercase": .bool(lowercases),
    ])
  }

  var preTokenizer: JSON { .object(["type": .string("BertPreTokenizer")]) }

  var decoder: JSON {
    .object(["type": .string("WordPiece"), "prefix": .string("##"), "cleanup": .bool(true)])
  }

  func model() -> JSON {
    .object([
      "type": .string("WordPiece"), "unk_token": .string(unknown), "continuing_subword_prefix": .string("##"),
      "max_input_chars_per_word": .int(100), "vocab": TokenizerPart.ids(of: tokens.texts),
    ])
  }
}
