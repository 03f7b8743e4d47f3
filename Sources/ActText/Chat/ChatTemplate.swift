import ActFormats
import Glibc

/// How a model lays out a chat as text: the `chat_template` of its tokenizer, in Jinja as `transformers` sets it.
///
/// Known are text, output, comments, `raw` and white-space control (`trim_blocks`, `lstrip_blocks`); `if`, `for`, `break`,
/// `continue`, `set`, `macro`, `call`, `filter`, `with` and `generation`; all operators; the filters, tests and methods
/// that templates in use have; `loop`, `range`, `dict`, `namespace`, `raise_exception` and `strftime_now`. A template that
/// uses anything else is refused, never guessed at.
package struct ChatTemplate: Sendable {
  /// One message: its role and content, and what else it has.
  package typealias Message = JSON

  /// The filters that templates may use, sorted.
  package static var filters: [String] { TemplateFilter.names }

  private let path: String
  private let source: String
  private let tokens: [String: String]
  private let unknownTokens: Set<String>
  private let now: @Sendable () -> Int

  /// Reads the template of a model's `tokenizer_config.json`.
  ///
  /// - Parameters:
  ///   - config: the configuration.
  ///   - path: for error messages.
  ///   - now: the time that templates may ask for, in seconds since 1970.
  /// - Throws: for a configuration without one, or one that does not parse or needs more than is supported.
  package init(
    _ config: TokenizerConfig, path: String, now: @escaping @Sendable () -> Int = { time(nil) }
  ) throws(FileError) {
    guard let template = config.chatTemplate else {
      throw FileError(
        path, "chat_template", "is missing: the model has no layout for chats", next: "use texts instead")
    }
    self.path = path
    self.now = now
    source = template
    tokens = config.specialTokens
    unknownTokens = config.unknownTokens
    _ = try nodes()
  }

  /// Reads the template of the model in `directory`: that of `chat_template.jinja` where there is one, else of
  /// `tokenizer_config.json`.
  package init(directory: String) throws(FileError) {
    let path = directory + "/tokenizer_config.json"
    guard let text = try TokenizerConfig.text(inDirectory: directory) else {
      throw FileError(path, nil, "is missing: the model has no layout for chats", next: "use texts instead")
    }
    try self.init(try TokenizerConfig(parsing: text, path: path), path: path)
  }

  private func nodes() throws(FileError) -> [TemplateNode] {
    do { return try TemplateParser.parse(source) } catch { throw failure(error) }
  }

  private func failure(_ error: TemplateError) -> FileError {
    guard error.isUnsupported else { return FileError(path, "chat_template", error.problem) }
    return .unsupported(
      path, "chat_template", "not supported: \(error.problem)", next: "lay the chats out beforehand")
  }

  /// Lays out a chat.
  ///
  /// - Parameters:
  ///   - messages: the chat. As in `transformers`, members that are null count as left out.
  ///   - addsPrompt: opens the assistant's next message after it.
  ///   - tools: what the model may call, as JSON schemas; nil where there are none.
  ///   - documents: what the model may read; nil where there are none.
  ///   - variables: what else the template knows, such as `enable_thinking`.
  /// - Returns: the text of the chat.
  /// - Throws: for a chat that the template refuses, and for what is known only when the template runs.
  package func text(
    of messages: [Message], addsPrompt: Bool = false, tools: [JSON]? = nil, documents: [JSON]? = nil,
    variables: [JSON.Member] = []
  ) throws(FileError) -> String {
    do throws(TemplateError) {
      var values: [String: TemplateValue] = tokens.mapValues { .string($0) }
      values["add_generation_prompt"] = .bool(addsPrompt)
      values["tools"] = try tools.map { (tools) throws(TemplateError) in try TemplateValue(.array(tools)) }
      values["documents"] = try documents.map { (texts) throws(TemplateError) in
        try TemplateValue(.array(texts))
      }
      values["tools"] = values["tools"] ?? TemplateValue.none
      values["documents"] = values["documents"] ?? TemplateValue.none
      values["messages"] = try TemplateValue(.array(messages.map(Self.completed)))
      for variable in variables { values[variable.key] = try TemplateValue(variable.value) }
      return try TemplateEvaluator.run(
        TemplateParser.parse(source), values, .init(unknownTokens: unknownTokens, now: now))
    } catch {
      throw failure(error)
    }
  }

  /// The names that reasoning goes by; the first is the one that templates read.
  private static let reasoningKeys = ["reasoning_content", "thinking", "reasoning"]

  /// A message without members that are null, and with its reasoning under the names that templates read.
  private static func completed(_ message: Message) -> Message {
    guard var members = message.members else { return message }
    members.removeAll { $0.value == .null }
    guard let reasoning = reasoningKeys.lazy.compactMap({ message[$0] }).first(where: { $0 != .null }) else {
      return .object(members)
    }
    // In the order of Python's `{"thinking": …, **message, "reasoning_content": …}`.
    let thinking = members.first { $0.key == "thinking" }?.value ?? reasoning
    members.removeAll { $0.key == "thinking" }
    members.insert(.init("thinking", thinking), at: 0)
    if let index = members.firstIndex(where: { $0.key == "reasoning_content" }) {
      members[index].value = reasoning
    } else {
      members.append(.init("reasoning_content", reasoning))
    }
    return .object(members)
  }
}

extension TemplateValue {
  /// The value that JSON stands for.
  fileprivate init(_ json: JSON) throws(TemplateError) {
    switch json {
    case .null: self = .none
    case .bool(let flag): self = .bool(flag)
    case .string(let text): self = .string(text)
    case .number(let spelling):
      let isFloat = spelling.utf8.contains { [0x2E, 0x65, 0x45].contains($0) }
      if !isFloat, let number = Int(spelling) {
        self = .int(number)
      } else if isFloat, let number = Double(spelling) {
        self = .float(number)
      } else {
        throw .unsupported("the number \(spelling)")
      }
    case .array(let elements):
      var values: [TemplateValue] = []
      for element in elements { values.append(try TemplateValue(element)) }
      self = .list(values)
    case .object(let members):
      var object = TemplateObject()
      for member in members { object[string: member.key] = try TemplateValue(member.value) }
      self = .object(object)
    }
  }
}
