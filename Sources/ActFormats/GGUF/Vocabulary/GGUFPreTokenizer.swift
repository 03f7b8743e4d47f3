/// How text is cut before the merges of byte-level BPE: what `tokenizer.ggml.pre` names, in the form of
/// `tokenizer.json`.
///
/// Where the pattern of llama.cpp only comes close to the one of the published tokenizer, the published one is taken.
struct GGUFPreTokenizer {
  enum Step {
    /// Every digit is a word.
    case digits
    /// Every match of the pattern is a word.
    case split(String)
    /// GPT-2's rule.
    case gpt2
  }

  var steps: [Step]
  /// Text is composed (NFC) first, which llama.cpp leaves out.
  var composes = false
  /// A word that is a token is taken whole, whatever the merges say.
  var ignoresMerges = false
  /// Texts begin with the beginning-of-sequence token where a file does not say.
  var addsBeginning = false
  /// Two texts have a separator between them, as those of RoBERTa.
  var separatesPairs = false

  init(named name: String, _ path: String) throws(FileError) {
    guard let known = Self.known.first(where: { $0.names.contains(name) }) else {
      throw FileError.unsupported(
        path, "tokenizer.ggml.pre", "the pre-tokenizer `\(name)` is not supported",
        next: "these are: \(Self.names.joined(separator: ", "))")
    }
    self = known.rule
  }

  /// All names that are known.
  static var names: [String] { known.flatMap(\.names) }

  private init(
    _ steps: Step..., composes: Bool = false, ignoresMerges: Bool = false, addsBeginning: Bool = false,
    separatesPairs: Bool = false
  ) {
    self.steps = steps
    self.composes = composes
    self.ignoresMerges = ignoresMerges
    self.addsBeginning = addsBeginning
    self.separatesPairs = separatesPairs
  }

  /// `pre_tokenizer`: the steps, and the byte-level alphabet after them.
  var json: JSON {
    var parts: [JSON] = []
    var usesRegex = false
    for step in steps {
      switch step {
      case .digits:
        parts.append(.object(["type": .string("Digits"), "individual_digits": .bool(true)]))
      case .split(let pattern): parts.append(TokenizerPart.split(pattern))
      case .gpt2: usesRegex = true
      }
    }
    return TokenizerPart.sequence(parts + [TokenizerPart.byteLevel(usesRegex: usesRegex)], "pretokenizers")
  }

  var normalizer: JSON { composes ? .object(["type": .string("NFC")]) : .null }
}

extension GGUFPreTokenizer {
  private static let known: [(names: [String], rule: GGUFPreTokenizer)] = [
    (
      ["default"],
      Self(
        .split(#"[\p{P}\$\+<=>\^~\|]+"#), .split(gpt2Words), .split(#"\p{N}+"#), .split("[0-9][0-9][0-9]"))
    ),
    (
      [
        "gpt-2", "phi-2", "mpt", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
        "modern-bert", "exaone4", "trillion", "granite-docling",
      ], Self(.gpt2)
    ),
    (["olmo"], Self(.gpt2, composes: true)),
    (["roberta-bpe", "jina-v1-en", "jina-v2-code"], Self(.gpt2, separatesPairs: true)),
    (
      ["smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"], Self(.digits, .gpt2)
    ),
    (["command-r"], Self(.digits, .gpt2, composes: true)),
    (
      ["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"],
      Self(.split(words(digits: #"\p{N}{1,3}"#)), ignoresMerges: true, addsBeginning: true)
    ),
    (["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], Self(.split(words(digits: #"\p{N}{1,3}"#)))),
    (["qwen2", "stablelm2"], Self(.split(words(digits: #"\p{N}"#)), composes: true)),
    (
      ["deepseek-r1-qwen", "kormo", "megrez", "hunyuan", "grok-2", "solar-open"],
      Self(.split(words(digits: #"\p{N}"#)))
    ),
    (["qwen35"], Self(.split(words(digits: #"\p{N}"#, marks: #"\p{M}"#)), composes: true)),
    (
      ["tekken"],
      Self(.split(casedWords(suffix: "", digits: #"\p{N}"#)), ignoresMerges: true, addsBeginning: true)
    ),
    (
      ["gpt-4o", "llama4", "kanana2"],
      Self(.split(casedWords(suffix: contractions + "?", digits: #"\p{N}{1,3}"#)))
    ),
    (
      ["deepseek-coder"],
      Self(
        .split("[\r\n]"), .split(#"\s?\p{L}+"#), .split(#"\s?\p{P}+"#), .split("[一-龥ࠀ-一가-퟿]+"),
        .split(#"\p{N}"#))
    ),
    (
      ["deepseek-v3", "hunyuan-dense"],
      Self(.split(#"\p{N}{1,3}"#), .split("[一-龥぀-ゟ゠-ヿ]+"), .split(deepseek3Words))
    ),
    (["poro-chat", "bloom", "gpt3-finnish"], Self(.split(bloomWords))),
    (["viking"], Self(.split(bloomWords), .split(#"\p{N}"#))),
  ]

  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"

  /// GPT-2's rule, for where it is not the last step.
  private static let gpt2Words =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Contractions; letters with one leading mark; digits; marks; newlines; spaces.
  private static func words(digits: String, marks: String = "") -> String {
    let letters = marks.isEmpty ? #"\p{L}+"# : #"[\p{L}"# + marks + "]+"
    return contractions + #"|[^\r\n\p{L}\p{N}]?"# + letters + "|" + digits + #"| ?[^\s\p{L}"# + marks
      + #"\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The same, but letters end where capitals begin, and contractions belong to their word.
  private static func casedWords(suffix: String, digits: String) -> String {
    let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
    let mark = #"[^\r\n\p{L}\p{N}]?"#
    return mark + upper + "*" + lower + "+" + suffix + "|" + mark + upper + "+" + lower + "*" + suffix + "|"
      + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  private static let deepseek3Words =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
    + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  private static let bloomWords = #" ?[^(\s|.,!?…。，、।۔،)]+"#
}
