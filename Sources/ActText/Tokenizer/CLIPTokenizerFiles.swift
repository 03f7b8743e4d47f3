import ActFormats
import Glibc

/// The `tokenizer.json` of a folder that has `vocab.json` and `merges.txt` in its place, as folders of CLIP have.
///
/// Its rules are those that `CLIPTokenizer` of transformers puts around the two. Special tokens come from
/// `tokenizer_config.json`, and where that does not list its added tokens from `special_tokens_map.json` and
/// `added_tokens.json` too.
struct CLIPTokenizerFiles {
  private let directory: String
  private let config: JSON
  private let specials: JSON
  private let added: JSON

  /// Finds the files; nil where there are none, or where they are another class's.
  init?(directory: String) throws(FileError) {
    func read(_ name: String) throws(FileError) -> JSON {
      let path = "\(directory)/\(name)"
      guard access(path, F_OK) == 0 else { return .object([] as [JSON.Member]) }
      let json = try JSON(tokenizerFile: path)
      guard json.members != nil else { throw FileError(path, nil, "expected an object") }
      return json
    }
    guard ["vocab.json", "merges.txt"].allSatisfy({ access("\(directory)/\($0)", F_OK) == 0 }) else {
      return nil
    }
    self.directory = directory
    config = try read("tokenizer_config.json")
    guard ["CLIPTokenizer", "CLIPTokenizerFast"].contains(config["tokenizer_class"]?.string) else {
      return nil
    }
    let listsTokens = config["added_tokens_decoder"] != nil
    specials = listsTokens ? .object([] as [JSON.Member]) : try read("special_tokens_map.json")
    added = listsTokens ? .object([] as [JSON.Member]) : try read("added_tokens.json")
  }

  /// As a `tokenizer.json`.
  func tokenizer() throws(FileError) -> JSON {
    let vocabularyPath = "\(directory)/vocab.json"
    let vocabulary = try JSON(tokenizerFile: vocabularyPath)
    guard let members = vocabulary.members else { throw FileError(vocabularyPath, nil, "expected an object") }
    var ids: [String: Int] = [:]
    for member in members {
      guard let id = member.value.int, (0...Int(Int32.max)).contains(id) else {
        throw FileError(vocabularyPath, legible(member.key), "expected the number of a token")
      }
      ids[member.key] = id
    }
    let tokens = try addedTokens(ids)
    func special(_ name: String, _ fallback: String) throws(FileError) -> AddedTokenText {
      let token = try self.token(name) ?? AddedTokenText(content: fallback)
      guard tokens.contains(where: { $0.token.content == token.content }) else {
        throw FileError(vocabularyPath, token.content, "expected a token, as \(name) names it, found none")
      }
      return token
    }
    let (start, end) = (try special("bos_token", Self.start), try special("eos_token", Self.end))
    let unknown = try special("unk_token", Self.end)
    func id(_ token: AddedTokenText) -> Int { tokens.last { $0.token.content == token.content }!.id }
    return .object([
      "version": .string("1.0"),
      "added_tokens": .array(tokens.map { $0.token.json(id: $0.id) }),
      "normalizer": Self.normalizer,
      "pre_tokenizer": Self.preTokenizer,
      "post_processor": .object([
        "type": .string("RobertaProcessing"), "sep": .array([.string(end.content), .int(id(end))]),
        "cls": .array([.string(start.content), .int(id(start))]), "trim_offsets": .bool(false),
        "add_prefix_space": .bool(false),
      ]),
      "decoder": Self.byteLevel,
      "model": .object([
        "type": .string("BPE"), "dropout": .null, "unk_token": .string(unknown.content),
        "continuing_subword_prefix": .string(""), "end_of_word_suffix": .string("</w>"),
        "fuse_unk": .bool(false), "byte_fallback": .bool(false), "ignore_merges": .bool(false),
        "vocab": vocabulary, "merges": .array(try merges()),
      ]),
    ])
  }

  private static let start = "<|startoftext|>"
  private static let end = "<|endoftext|>"

  // MARK: Merges

  /// The lines of `merges.txt`, but for the version on the first.
  private func merges() throws(FileError) -> [JSON] {
    let path = "\(directory)/merges.txt"
    let file = try MappedFile(path)
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw FileError(path, nil, "not UTF-8")
    }
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var merges: [JSON] = []
    for (index, line) in lines.enumerated() {
      let line =
        Substring(line).unicodeScalars.last == "\r"
        ? Substring(line).unicodeScalars.dropLast() : Substring(line).unicodeScalars
      if line.isEmpty || (index == 0 && String(line).hasPrefix("#version")) { continue }
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts.contains(where: \.isEmpty) else {
        throw FileError(path, "line \(index + 1)", "expected two tokens, found `\(legible(String(line)))`")
      }
      merges.append(.array(parts.map { .string(String($0)) }))
    }
    return merges
  }

  // MARK: Special tokens

  /// The names of special tokens, in the order in which transformers adds them.
  private static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// A special token as the files name it: `special_tokens_map.json` before `tokenizer_config.json`.
  private func token(_ name: String) throws(FileError) -> AddedTokenText? {
    for (json, file) in [(specials, "special_tokens_map.json"), (config, "tokenizer_config.json")] {
      guard let value = json[name], value != .null else { continue }
      return try AddedTokenText(value, path: "\(directory)/\(file)", place: name)
    }
    return nil
  }

  /// The tokens of a list.
  private func extra(_ key: String, _ json: JSON, _ file: String) throws(FileError) -> [AddedTokenText] {
    var tokens: [AddedTokenText] = []
    for value in json[key]?.array ?? [] {
      tokens.append(try AddedTokenText(value, path: "\(directory)/\(file)", place: key))
    }
    return tokens
  }

  /// All added tokens with their numbers: those that are listed, and then those that have a name. Of two of one text the
  /// last says how it is found.
  private func addedTokens(_ ids: [String: Int]) throws(FileError) -> [(token: AddedTokenText, id: Int)] {
    let path = "\(directory)/tokenizer_config.json"
    var found: [AddedTokenText] = []
    var numbers: [String: Int] = [:]
    for member in config["added_tokens_decoder"]?.members ?? [] {
      let token = try AddedTokenText(member.value, path: path, place: "added_tokens_decoder")
      numbers[token.content] = Int(member.key)
      found.append(token)
    }
    found.sort { (numbers[$0.content] ?? 0) < (numbers[$1.content] ?? 0) }
    var named: [AddedTokenText] = []
    for name in Self.names {
      if let token = try token(name) {
        named.append(token)
      } else if name != "sep_token", name != "cls_token", name != "mask_token" {
        named.append(AddedTokenText(content: name == "bos_token" ? Self.start : Self.end))
      }
    }
    named += try extra("extra_special_tokens", specials, "special_tokens_map.json")
    for key in ["extra_special_tokens", "additional_special_tokens"] {
      named += try extra(key, config, "tokenizer_config.json")
    }
    for member in added.members ?? [] {
      var token = AddedTokenText(content: member.key)
      token.isSpecial = named.contains { $0.content == member.key }
      token.isNormalized = !token.isSpecial
      numbers[member.key] = member.value.int
      found.append(token)
    }
    // Under its old name the list of this file comes too late to make an added token a special one.
    named += try extra("additional_special_tokens", specials, "special_tokens_map.json")
    // What is listed stands; names add what is not.
    let listed = Set(found.map(\.content))
    found += named.filter { !listed.contains($0.content) }

    var tokens: [(token: AddedTokenText, id: Int)] = []
    var next = (ids.values.max() ?? -1) + 1
    for token in found {
      if let index = tokens.firstIndex(where: { $0.token.content == token.content }) {
        tokens[index].token = token
        continue
      }
      let id = ids[token.content] ?? next
      if ids[token.content] == nil { next += 1 }
      if let number = numbers[token.content], number != id {
        throw FileError(
          path, token.content, "expected the token \(id), as vocab.json has it, found \(number)")
      }
      tokens.append((token, id))
    }
    return tokens.sorted { $0.id < $1.id }
  }

  // MARK: Rules

  private static let byteLevel = JSON.object([
    "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
    "use_regex": .bool(true),
  ])

  private static let normalizer = JSON.object([
    "type": .string("Sequence"),
    "normalizers": .array([
      .object(["type": .string("NFC")]),
      .object([
        "type": .string("Replace"), "pattern": .object(["Regex": .string(#"\s+"#)]), "content": .string(" "),
      ]), .object(["type": .string("Lowercase")]),
    ]),
  ])

  private static let preTokenizer = JSON.object([
    "type": .string("Sequence"),
    "pretokenizers": .array([
      .object([
        "type": .string("Split"),
        "pattern": .object([
          "Regex": .string(
            #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#)
        ]), "behavior": .string("Removed"), "invert": .bool(true),
      ]), byteLevel,
    ]),
  ])
}

/// A special token of a tokenizer's files: its text, and how it is found in texts.
private struct AddedTokenText: Hashable {
  var content: String
  var isSpecial = true
  var isNormalized = false
  var takesSpaceBefore = false
  var takesSpaceAfter = false
  var isWord = false

  init(content: String) { self.content = content }

  /// Reads a string, or an object with `content`.
  init(_ value: JSON, path: String, place: String) throws(FileError) {
    let json = LocatedJSON(path: path, place: place, value: value)
    let isObject = value.members != nil
    content = isObject ? try json.string("content") : try json.string()
    guard isObject else { return }
    isNormalized = try json.bool("normalized", absent: true)
    takesSpaceBefore = try json.bool("lstrip", absent: false)
    takesSpaceAfter = try json.bool("rstrip", absent: false)
    isWord = try json.bool("single_word", absent: false)
  }

  func json(id: Int) -> JSON {
    .object([
      "id": .int(id), "content": .string(content), "single_word": .bool(isWord),
      "lstrip": .bool(takesSpaceBefore), "rstrip": .bool(takesSpaceAfter), "normalized": .bool(isNormalized),
      "special": .bool(isSpecial),
    ])
  }
}
