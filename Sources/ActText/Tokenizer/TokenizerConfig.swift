import ActFormats

/// What `tokenizer_config.json` says beside the tokenizer itself.
package struct TokenizerConfig: Hashable, Sendable {
  package var bosToken: String?
  package var eosToken: String?
  package var addBOSToken: Bool?
  /// The chat template, in Jinja; of several, the one named `default`.
  package var chatTemplate: String?

  package init(
    bosToken: String? = nil, eosToken: String? = nil, addBOSToken: Bool? = nil, chatTemplate: String? = nil
  ) {
    self.bosToken = bosToken
    self.eosToken = eosToken
    self.addBOSToken = addBOSToken
    self.chatTemplate = chatTemplate
  }

  /// Reads the file's JSON; keys that concern other libraries are left alone. `path` is for error messages.
  package init(json: JSON, path: String) throws(FileError) {
    let root = LocatedJSON(path: path, place: "", value: json)
    guard json.members != nil else { throw root.failure("expected an object") }
    bosToken = try TokenizerConfig.token(root["bos_token"])
    eosToken = try TokenizerConfig.token(root["eos_token"])
    if root["add_bos_token"] != nil { addBOSToken = try root.bool("add_bos_token", absent: false) }
    chatTemplate = try TokenizerConfig.template(root["chat_template"])
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
