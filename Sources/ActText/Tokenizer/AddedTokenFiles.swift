import ActFormats
import Glibc

/// The special and added tokens that the files of a folder without `tokenizer.json` name: `tokenizer_config.json`, and
/// where that does not list its added tokens `special_tokens_map.json` and `added_tokens.json` too.
struct AddedTokenFiles {
  let config: JSON
  private let directory: String
  private let specials: JSON
  private let added: JSON

  init(directory: String) throws(FileError) {
    func read(_ name: String) throws(FileError) -> JSON {
      let path = "\(directory)/\(name)"
      guard access(path, F_OK) == 0 else { return .object([] as [JSON.Member]) }
      let json = try JSON(tokenizerFile: path)
      guard json.members != nil else { throw FileError(path, nil, "expected an object") }
      return json
    }
    self.directory = directory
    config = try read("tokenizer_config.json")
    let listsTokens = config["added_tokens_decoder"] != nil
    specials = listsTokens ? .object([] as [JSON.Member]) : try read("special_tokens_map.json")
    added = listsTokens ? .object([] as [JSON.Member]) : try read("added_tokens.json")
  }

  /// Whether the folder is of a class, or of its fast variant.
  func isOf(class name: String) -> Bool {
    [name, "\(name)Fast"].contains(config["tokenizer_class"]?.string)
  }

  /// A special token by its name, which must be among the added ones.
  func token(
    _ name: String, or fallback: String, among tokens: [(token: AddedTokenText, id: Int)],
    in vocabulary: String
  ) throws(FileError) -> AddedTokenText {
    let token = try self.token(name) ?? AddedTokenText(content: fallback)
    guard tokens.contains(where: { $0.token.content == token.content }) else {
      throw FileError(vocabulary, token.content, "expected a token, as \(name) names it, found none")
    }
    return token
  }

  /// The names of special tokens, in the order in which transformers adds them.
  private static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// A special token as the files name it: `special_tokens_map.json` before `tokenizer_config.json`.
  func token(_ name: String) throws(FileError) -> AddedTokenText? {
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
  ///
  /// - Parameters:
  ///   - ids: the numbers of the vocabulary's tokens.
  ///   - defaults: the texts of special tokens that the class has by itself, by their names.
  ///   - additional: the others that the class has by itself.
  ///   - vocabulary: the path of the file that the numbers are of.
  /// - Returns: the tokens, by their numbers.
  /// - Throws: `FileError` for files that are damaged, and for a number that is not the vocabulary's.
  func all(
    _ ids: [String: Int], named defaults: [String: String], additional: [AddedTokenText] = [],
    in vocabulary: String
  ) throws(FileError) -> [(token: AddedTokenText, id: Int)] {
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
      } else if let text = defaults[name] {
        named.append(AddedTokenText(content: text))
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
    // Under its old name the list of this file comes too late to make an added token a special one, as the class's does.
    named += try extra("additional_special_tokens", specials, "special_tokens_map.json") + additional
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
          path, token.content, "expected the token \(id), as \(vocabulary) has it, found \(number)")
      }
      tokens.append((token, id))
    }
    return tokens.sorted { $0.id < $1.id }
  }
}

/// A special token of a tokenizer's files: its text, and how it is found in texts.
struct AddedTokenText: Hashable {
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
