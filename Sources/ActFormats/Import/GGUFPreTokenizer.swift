/// How text is cut before BPE: what `tokenizer.ggml.pre` names, in the form of `tokenizer.json`.
enum GGUFPreTokenizer {
  case gpt2
  case smollm
  case llama3

  init(named name: String, _ path: String) throws(FileError) {
    switch name {
    case "gpt-2": self = .gpt2
    case "smollm": self = .smollm
    case "llama-bpe", "llama3", "llama-v3": self = .llama3
    default:
      throw FileError.unsupported(
        path, "tokenizer.ggml.pre", "the pre-tokenizer `\(name)` is not supported",
        next: "gpt-2, smollm and llama-bpe are")
    }
  }

  /// Whether a word that is a token is taken whole, whatever the merges say.
  var ignoresMerges: Bool { self == .llama3 }

  /// Whether texts begin with the beginning-of-sequence token where a file does not say.
  var addsBeginning: Bool { self == .llama3 }

  var json: JSON {
    switch self {
    case .gpt2: Self.byteLevel(usesRegex: true)
    case .smollm:
      Self.sequence([
        .object(["type": .string("Digits"), "individual_digits": .bool(true)]),
        Self.byteLevel(usesRegex: true),
      ])
    case .llama3:
      Self.sequence([
        .object([
          "type": .string("Split"), "pattern": .object(["Regex": .string(Self.llama3Words)]),
          "behavior": .string("Isolated"), "invert": .bool(false),
        ]),
        Self.byteLevel(usesRegex: false),
      ])
    }
  }

  /// Words of Llama 3: contractions; letters with one leading mark; one to three digits; marks; newlines; spaces.
  private static let llama3Words =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

  static func byteLevel(usesRegex: Bool) -> JSON {
    .object([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(usesRegex),
    ])
  }

  private static func sequence(_ steps: [JSON]) -> JSON {
    .object(["type": .string("Sequence"), "pretokenizers": .array(steps)])
  }
}
