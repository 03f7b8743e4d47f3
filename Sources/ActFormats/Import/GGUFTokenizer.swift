/// The byte-level BPE tokenizer of a GGUF file, checked, and its Hugging Face form.
struct GGUFTokenizer {
  private enum Kind: Int {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  let beginning: Int?
  let end: Int?
  let padding: Int?
  private let unknown: Int?

  private let path: String
  private let tokens: [String]
  private let kinds: [Kind]
  private let merges: [String]
  private let preTokenizer: GGUFPreTokenizer
  private let addsBeginning: Bool
  private let addsEnd: Bool
  private let chatTemplate: String?

  init(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    path = file.path
    func place(_ key: String) -> String { "tokenizer.ggml.\(key)" }
    func failure(_ key: String, _ problem: String, next: String? = nil) -> FileError {
      FileError(file.path, place(key), problem, next: next)
    }
    func strings(_ key: String) throws(FileError) -> [String] {
      guard let elements = try metadata.array(place(key)), case let texts = elements.compactMap(\.string),
        texts.count == elements.count
      else { throw failure(key, "expected an array of strings") }
      return texts
    }

    let model = try metadata.string(place("model"))
    guard model == "gpt2" else {
      throw FileError.unsupported(
        file.path, place("model"), "`\(model ?? "none")` is not supported",
        next: "byte-level BPE, `gpt2`, is")
    }
    // A file without the entry is older than it; GPT-2's rule was the only one then.
    let named = try metadata.string(place("pre"))
    if named == nil {
      metadata.noteMissing(
        place("pre"), taking: "gpt-2; text is cut wrongly if the model's own rule is another")
    }
    preTokenizer = try GGUFPreTokenizer(named: named ?? "gpt-2", file.path)
    tokens = try strings("tokens")
    merges = try strings("merges")
    guard let rows = file["token_embd.weight"]?.shape.first, tokens.count <= rows else {
      throw failure("tokens", "more tokens than rows of token_embd.weight")
    }

    let types = try metadata.array(place("token_type"))
    if types == nil { metadata.noteMissing(place("token_type"), taking: "every token as ordinary text") }
    let numbers = types ?? Array(repeating: .integer(1), count: tokens.count)
    kinds = numbers.compactMap { $0.integer.flatMap(Kind.init) }
    guard kinds.count == tokens.count else {
      throw failure("token_type", "expected a type from 1 to 6 for every token")
    }

    let vocabulary = Set(tokens)
    guard vocabulary.count == tokens.count else { throw failure("tokens", "a token is given twice") }
    for merge in merges {
      let parts = merge.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, vocabulary.isSuperset(of: parts), vocabulary.contains(parts.joined()) else {
        throw failure("merges", "`\(merge)` does not join two tokens to a third")
      }
    }

    let count = tokens.count
    func id(_ key: String) throws(FileError) -> Int? {
      guard let number = file.metadata[place(key)] else { return nil }
      guard let id = number.integer, (0..<count).contains(id) else {
        throw failure(key, "expected the number of a token")
      }
      return id
    }
    beginning = try id("bos_token_id")
    end = try id("eos_token_id")
    padding = try id("padding_token_id")
    unknown = try id("unknown_token_id")
    addsBeginning = try metadata.bool(place("add_bos_token")) ?? preTokenizer.addsBeginning
    addsEnd = try metadata.bool(place("add_eos_token")) ?? false
    if addsBeginning, beginning == nil { throw failure("bos_token_id", "is missing, add_bos_token needs it") }
    if addsEnd, end == nil { throw failure("eos_token_id", "is missing, add_eos_token needs it") }
    chatTemplate = try metadata.string("tokenizer.chat_template")
  }

  /// `tokenizer.json`.
  func json() throws(FileError) -> JSON {
    let added = tokens.indices.filter { kinds[$0] == .control || kinds[$0] == .userDefined }
    let model: JSON = .object([
      "type": .string("BPE"), "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
      "ignore_merges": .bool(preTokenizer.ignoresMerges),
      "vocab": .object(tokens.enumerated().map { JSON.Member($1, .int($0)) }),
      "merges": .array(merges.map(JSON.string)),
    ])
    return .object([
      "version": .string("1.0"), "truncation": .null, "padding": .null,
      "added_tokens": .array(
        added.map { id in
          .object([
            "id": .int(id), "content": .string(tokens[id]), "single_word": .bool(false),
            "lstrip": .bool(false),
            "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(kinds[id] == .control),
          ])
        }),
      "normalizer": .null, "pre_tokenizer": preTokenizer.json, "post_processor": postProcessor,
      "decoder": GGUFPreTokenizer.byteLevel(usesRegex: true), "model": model,
    ])
  }

  /// Adds the beginning-of-sequence and end-of-sequence tokens, where the file says so.
  private var postProcessor: JSON {
    let first = addsBeginning ? beginning : nil
    let last = addsEnd ? end : nil
    if first == nil, last == nil { return .null }

    func special(_ id: Int, type: Int) -> JSON {
      .object(["SpecialToken": .object(["id": .string(tokens[id]), "type_id": .int(type)])])
    }
    func sequence(_ name: String, type: Int) -> [JSON] {
      (first.map { [special($0, type: type)] } ?? [])
        + [.object(["Sequence": .object(["id": .string(name), "type_id": .int(type)])])]
        + (last.map { [special($0, type: type)] } ?? [])
    }
    let used = Set([first, last].compactMap { $0 }).sorted()
    return .object([
      "type": .string("TemplateProcessing"),
      "single": .array(sequence("A", type: 0)),
      "pair": .array(sequence("A", type: 0) + sequence("B", type: 1)),
      "special_tokens": .object(
        used.map { id in
          let token = JSON.string(tokens[id])
          return JSON.Member(
            tokens[id], .object(["id": token, "ids": .array([.int(id)]), "tokens": .array([token])]))
        }),
    ])
  }

  /// `tokenizer_config.json`.
  var config: JSON {
    var members: [JSON.Member] = [
      .init("tokenizer_class", .string("PreTrainedTokenizerFast")),
      .init("add_bos_token", .bool(addsBeginning)),
      .init("add_eos_token", .bool(addsEnd)),
      .init("clean_up_tokenization_spaces", .bool(false)),
    ]
    for (key, id) in [
      ("bos_token", beginning), ("eos_token", end), ("pad_token", padding), ("unk_token", unknown),
    ] {
      if let id { members.append(.init(key, .string(tokens[id]))) }
    }
    if let chatTemplate { members.append(.init("chat_template", .string(chatTemplate))) }
    return .object(members)
  }
}
