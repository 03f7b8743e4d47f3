/// Components of a `tokenizer.json`.
enum TokenizerPart {
  static func byteLevel(usesRegex: Bool) -> JSON {
    .object([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(usesRegex),
    ])
  }

  /// Makes every match of `pattern` a word.
  static func split(_ pattern: String) -> JSON {
    .object([
      "type": .string("Split"), "pattern": .object(["Regex": .string(pattern)]),
      "behavior": .string("Isolated"), "invert": .bool(false),
    ])
  }

  static func replace(_ text: String, with content: String) -> JSON {
    .object([
      "type": .string("Replace"), "pattern": .object(["String": .string(text)]), "content": .string(content),
    ])
  }

  static func replace(regex: String, with content: String) -> JSON {
    .object([
      "type": .string("Replace"), "pattern": .object(["Regex": .string(regex)]), "content": .string(content),
    ])
  }

  /// One after the other; `key` is what the kind of component calls them.
  static func sequence(_ parts: [JSON], _ key: String) -> JSON {
    switch parts.count {
    case 0: .null
    case 1: parts[0]
    default: .object([.init("type", .string("Sequence")), .init(key, .array(parts))])
    }
  }

  /// A byte-pair model.
  static func bytePairs(
    vocabulary: [String], merges: [JSON], unknown: String? = nil, fallsBackToBytes: Bool = false,
    ignoresMerges: Bool = false
  ) -> JSON {
    .object([
      "type": .string("BPE"), "dropout": .null, "unk_token": unknown.map(JSON.string) ?? .null,
      "continuing_subword_prefix": .null, "end_of_word_suffix": .null, "fuse_unk": .bool(unknown != nil),
      "byte_fallback": .bool(fallsBackToBytes), "ignore_merges": .bool(ignoresMerges),
      "vocab": ids(of: vocabulary), "merges": .array(merges),
    ])
  }

  /// The number of each token, by its text.
  static func ids(of vocabulary: [String]) -> JSON {
    .object(vocabulary.enumerated().map { JSON.Member($1, .int($0)) })
  }
}
