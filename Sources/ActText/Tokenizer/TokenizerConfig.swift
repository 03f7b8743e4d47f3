import ActFormats

/// What `tokenizer_config.json` says beside the tokenizer itself.
package struct TokenizerConfig: Hashable, Sendable {
  package var bosToken: String?
  package var eosToken: String?
  package var addBOSToken: Bool?
  /// The chat template, in Jinja; of several, the one named `default`.
  package var chatTemplate: String?
  /// The most tokens of a text with those around it, where the file bounds it.
  package private(set) var longestText: Int?
  /// The special tokens that chat templates know, by the names they have there, `bos_token` and `eos_token` among them.
  package private(set) var specialTokens: [String: String] = [:]
  /// The names of those that the file does not speak of; a token that is null is none.
  package private(set) var unknownTokens: Set<String> = []

  private static let tokenNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  package init(
    bosToken: String? = nil, eosToken: String? = nil, addBOSToken: Bool? = nil, chatTemplate: String? = nil
  ) {
    self.bosToken = bosToken
    self.eosToken = eosToken
    self.addBOSToken = addBOSToken
    self.chatTemplate = chatTemplate
    specialTokens["bos_token"] = bosToken
    specialTokens["eos_token"] = eosToken
    unknownTokens = Set(Self.tokenNames).subtracting(specialTokens.keys)
  }

  /// Reads the file's JSON; keys that concern other libraries are left alone. `path` is for error messages.
  package init(json: JSON, path: String) throws(FileError) {
    let root = LocatedJSON(path: path, place: "", value: json)
    guard json.members != nil else { throw root.failure("expected an object") }
    for name in Self.tokenNames {
      guard json[name] != nil else {
        unknownTokens.insert(name)
        continue
      }
      specialTokens[name] = try TokenizerConfig.token(root[name])
    }
    bosToken = specialTokens["bos_token"]
    eosToken = specialTokens["eos_token"]
    if root["add_bos_token"] != nil { addBOSToken = try root.bool("add_bos_token", absent: false) }
    chatTemplate = try TokenizerConfig.template(root["chat_template"])
    // transformers writes 1e30 for a text of any length.
    longestText = json["model_max_length"]?.int.flatMap { SaneRange.size.contains($0) ? $0 : nil }
  }

  /// Reads the text of the file. `path` is for error messages.
  package init(parsing text: String, path: String) throws(FileError) {
    try self.init(json: JSON(parsing: Array(text.utf8), path: path), path: path)
  }

  /// Reads the file at `path`.
  package init(path: String) throws(FileError) {
    try self.init(json: JSON(tokenizerFile: path), path: path)
  }

  /// A token, as a string or as `{"content": …}`.
  private static func token(_ json: LocatedJSON?) throws(FileError) -> String? {
    guard let json else { return nil }
    return try json.value.members == nil ? json.string() : json.string("content")
  }

  /// A template, as a string or as `[{"name": …, "template": …}]`.
  private static func template(_ json: LocatedJSON?) throws(FileError) -> String? {
    guard let json else { return nil }
    if json.value.array == nil { return try json.string() }
    for element in try json.elements() where try element.string("name") == "default" {
      return try element.string("template")
    }
    return nil
  }
}
