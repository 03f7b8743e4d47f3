import ActFormats

/// How a model lays out a chat as text: the `chat_template` of its tokenizer, in the part of Jinja that is known here.
///
/// Known are text, output, comments and white-space control (as `transformers` sets it: `trim_blocks`, `lstrip_blocks`);
/// `if`, `elif`, `else`; `for` over a list; `set` of a variable or a namespace's member; the operators, some filters, tests
/// and methods of texts; `loop`, `namespace` and `raise_exception`. A template that uses anything else is refused, never
/// guessed at.
package struct ChatTemplate: Sendable {
  /// One message: its role and content, and what else it has.
  package typealias Message = JSON

  private let path: String
  private let source: String
  private let bosToken: String?
  private let eosToken: String?

  /// Reads the template of a model's `tokenizer_config.json`.
  ///
  /// - Throws: for a configuration without one, or one that does not parse or needs more than is supported.
  package init(_ config: TokenizerConfig, path: String) throws(FileError) {
    guard let template = config.chatTemplate else {
      throw FileError(
        path, "chat_template", "is missing: the model has no layout for chats", next: "use texts instead")
    }
    self.path = path
    source = template
    bosToken = config.bosToken
    eosToken = config.eosToken
    _ = try nodes()
  }

  /// Reads the template of the model in `directory`.
  package init(directory: String) throws(FileError) {
    let path = directory + "/tokenizer_config.json"
    try self.init(try TokenizerConfig(path: path), path: path)
  }

  private func nodes() throws(FileError) -> [TemplateNode] {
    do { return try TemplateParser.parse(source) } catch { throw failure(error) }
  }

  private func failure(_ error: TemplateError) -> FileError {
    guard error.isUnsupported else { return FileError(path, "chat_template", error.problem) }
    return .unsupported(
      path, "chat_template", "not supported: \(error.problem)", next: "lay the chats out beforehand")
  }

  /// The text of a chat; `addsPrompt` opens the assistant's next message after it.
  ///
  /// - Throws: for a chat that the template refuses, and for what is known only when the template runs.
  package func text(of messages: [Message], addsPrompt: Bool = false) throws(FileError) -> String {
    do throws(TemplateError) {
      var variables: [String: TemplateValue] = [
        "add_generation_prompt": .bool(addsPrompt), "tools": .none, "documents": .none,
      ]
      var values: [TemplateValue] = []
      for message in messages { values.append(try TemplateValue(message)) }
      variables["messages"] = .list(values)
      if let bosToken { variables["bos_token"] = .string(bosToken) }
      if let eosToken { variables["eos_token"] = .string(eosToken) }
      return try TemplateEvaluator.run(TemplateParser.parse(source), variables)
    } catch {
      throw failure(error)
    }
  }
}

extension TemplateValue {
  fileprivate init(_ json: JSON) throws(TemplateError) {
    switch json {
    case .null: self = .none
    case .bool(let flag): self = .bool(flag)
    case .string(let text): self = .string(text)
    case .number:
      guard let number = json.int else { throw .unsupported("a number with a fraction in a message") }
      self = .int(number)
    case .array(let elements):
      var values: [TemplateValue] = []
      for element in elements { values.append(try TemplateValue(element)) }
      self = .list(values)
    case .object(let members):
      var values: [String: TemplateValue] = [:]
      for member in members { values[member.key] = try TemplateValue(member.value) }
      self = .object(values)
    }
  }
}
