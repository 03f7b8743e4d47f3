/// One sample of a data set: a text, and the part of it that counts.
package struct TextSample: Hashable, Sendable {
  /// The whole text, which the model runs over.
  package var text: String
  /// The beginning of `text` that is there for context alone: activations are pooled after it.
  package var context = ""
  /// The messages of a chat, to be laid out by the model's template; `text` is empty then.
  package var messages: [JSON] = []
  /// The file, as error messages name it.
  package var path = ""
  /// The line on which its record begins, from 1.
  package var line = 0

  package init(_ text: String) { self.text = text }

  /// An error about this sample.
  package func failure(_ problem: String, next: String? = nil) -> FileError {
    .line(path, line, problem, next: next)
  }
}

/// Which fields of a record make a sample. A field is a name, or a path as in `prompt.text`.
package struct SampleFields: Hashable, Sendable {
  /// The text, or a chat as an array of `{"role": …, "content": …}`. Where neither this nor `prompt` is given it is
  /// `text`, or else `response` after `prompt`, or else `messages`, whichever the record has.
  package var text: String?
  /// A text before it, run for context. With a prompt, `text` is `response` if it is not given.
  package var prompt: String?
  /// Whether a chat may stand for a text.
  package var allowsChats: Bool

  package init(text: String? = nil, prompt: String? = nil, allowsChats: Bool = false) {
    self.text = text
    self.prompt = prompt
    self.allowsChats = allowsChats
  }

  /// The sample that a record holds.
  ///
  /// A prompt and what follows it are parted by a space, unless either has white space there.
  func sample(_ record: DataRecord) throws(FileError) -> TextSample {
    let (prompt, text) = try names(in: record)
    var sample = TextSample("")
    if allowsChats, prompt == nil, case .array(let messages)? = record.fields.value(at: text) {
      sample.messages = try checked(messages, text, in: record)
    } else {
      sample.text = try string(text, in: record)
    }
    if let prompt {
      sample.context = try string(prompt, in: record)
      let isParted = sample.context.last?.isWhitespace == true || sample.text.first?.isWhitespace == true
      sample.text = sample.context + (isParted ? "" : " ") + sample.text
    }
    sample.path = record.path
    sample.line = record.line
    return sample
  }

  private func names(in record: DataRecord) throws(FileError) -> (prompt: String?, text: String) {
    if let text { return (prompt, text) }
    if let prompt { return (prompt, "response") }
    func has(_ name: String) -> Bool { record.fields[name] != nil }
    if has("text") { return (nil, "text") }
    if has("prompt"), has("response") { return ("prompt", "response") }
    if allowsChats, has("messages") { return (nil, "messages") }
    throw record.failure(
      "expected `text`, or `prompt` and `response`\(allowsChats ? ", or `messages`" : ""), found \(record.fieldNames)",
      next: "choose a field with --field")
  }

  private func checked(
    _ messages: [JSON], _ field: String, in record: DataRecord
  ) throws(FileError) -> [JSON] {
    for (index, message) in messages.enumerated() {
      guard message["role"]?.string != nil, message["content"] != nil else {
        throw record.failure("expected an object with `role` and `content` in `\(field)[\(index)]`")
      }
    }
    if messages.isEmpty { throw record.failure("expected a chat that is not empty in `\(field)`") }
    return messages
  }

  private func string(_ field: String, in record: DataRecord) throws(FileError) -> String {
    guard let value = record.fields.value(at: field) else {
      throw record.failure(
        "no field `\(field)`, found \(record.fieldNames)",
        next: "choose one with --field, --source-field or --target-field")
    }
    guard let text = value.string, !text.isEmpty else {
      throw record.failure(
        "expected a text that is not empty in `\(field)`", next: "leave such records out with --filter")
    }
    return text
  }
}

extension DataRecord {
  /// The first names of the record's fields, for error messages.
  fileprivate var fieldNames: String {
    let names = (fields.members ?? []).map { "`\($0.key)`" }
    if names.isEmpty { return "no fields" }
    return names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
  }
}
