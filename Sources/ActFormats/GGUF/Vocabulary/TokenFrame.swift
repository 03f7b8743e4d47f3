/// The special tokens of a GGUF file, and which of them are put around texts.
struct TokenFrame {
  /// What a kind of vocabulary asks for where the file does not say.
  struct Defaults {
    var addsBeginning = false
    var addsEnd = false
    /// Two texts have a separator between them, beside the end of the first.
    var separatesPairs = false
    /// Beginning and end are `[CLS]` and `[SEP]`.
    var isClassifier = false
    /// The mask takes the space before it.
    var marksMask = false
    /// The type of the second of two texts.
    var secondType = 1
  }

  let beginning: Int?
  let end: Int?
  let padding: Int?
  let unknown: Int?
  let separator: Int?
  let mask: Int?
  let isClassifier: Bool
  let marksMask: Bool
  let addsBeginning: Bool
  let addsEnd: Bool
  private let separatesPairs: Bool
  private let secondType: Int
  private let texts: [String]

  init(_ tokens: GGUFTokens, _ defaults: Defaults) throws(FileError) {
    texts = tokens.texts
    isClassifier = defaults.isClassifier
    marksMask = defaults.marksMask || defaults.separatesPairs
    secondType = defaults.secondType
    padding = try tokens.id("padding_token_id")
    unknown = try tokens.id("unknown_token_id") ?? tokens.kinds.firstIndex(of: .unknown)
    mask = try tokens.id("mask_token_id")
    // The format spells it so.
    separator =
      try tokens.id("seperator_token_id", "separator_token_id") ?? tokens.named("[SEP]", isClassifier)
    if isClassifier {
      beginning = try tokens.id("bos_token_id", "cls_token_id") ?? tokens.named("[CLS]", true)
      end = separator
    } else {
      beginning = try tokens.id("bos_token_id")
      end = try tokens.id("eos_token_id")
    }
    addsBeginning = try tokens.bool("add_bos_token") ?? defaults.addsBeginning
    let endKey = isClassifier ? "add_sep_token" : "add_eos_token"
    addsEnd = try tokens.bool(endKey) ?? defaults.addsEnd
    let asksForSeparator = try isClassifier ? nil : tokens.bool("add_sep_token")
    separatesPairs = (asksForSeparator ?? defaults.separatesPairs) && separator != nil
    if addsBeginning, beginning == nil {
      throw tokens.failure("bos_token_id", "is missing, add_bos_token needs it")
    }
    if addsEnd, end == nil {
      throw tokens.failure(
        isClassifier ? "seperator_token_id" : "eos_token_id", "is missing, \(endKey) needs it")
    }
  }

  /// `post_processor`.
  var postProcessor: JSON {
    let first = addsBeginning ? beginning : nil
    let last = addsEnd ? end : nil
    if first == nil, last == nil { return .null }

    func piece(_ kind: String, _ name: String, _ type: Int) -> JSON {
      .object([.init(kind, .object(["id": .string(name), "type_id": .int(type)]))])
    }
    func special(_ id: Int?, _ type: Int) -> [JSON] {
      id.map { [piece("SpecialToken", texts[$0], type)] } ?? []
    }
    let single = special(first, 0) + [piece("Sequence", "A", 0)] + special(last, 0)
    let between = separatesPairs ? separator : isClassifier ? nil : first
    let second =
      special(between, secondType) + [piece("Sequence", "B", secondType)] + special(last, secondType)
    let used = Set([first, last, separatesPairs ? separator : nil].compactMap { $0 }).sorted()
    return .object([
      "type": .string("TemplateProcessing"), "single": .array(single), "pair": .array(single + second),
      "special_tokens": .object(
        used.map { id in
          let token = JSON.string(texts[id])
          return JSON.Member(
            texts[id], .object(["id": token, "ids": .array([.int(id)]), "tokens": .array([token])]))
        }),
    ])
  }
}

extension GGUFTokens {
  /// The token spelled `text`, where one is looked for.
  fileprivate func named(_ text: String, _ isWanted: Bool) -> Int? {
    isWanted ? texts.firstIndex(of: text) : nil
  }
}
