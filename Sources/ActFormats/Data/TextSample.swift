/// One sample of a data set: a text, and the part of it that counts.
public struct TextSample: Hashable, Sendable {
  /// The whole text, which the model runs over.
  public var text: String
  /// The beginning of `text` that is there for context alone: activations are pooled behind it.
  public var context = ""
  /// The file, as error messages name it.
  public var path = ""
  /// The line on which its record begins, from 1.
  public var line = 0

  public init(_ text: String) { self.text = text }

  /// An error about this sample.
  public func failure(_ problem: String, next: String? = nil) -> FileError {
    .line(path, line, problem, next: next)
  }
}

/// Which fields of a record make a sample. A field is a name, or a path as in `prompt.text`.
public struct SampleFields: Hashable, Sendable {
  /// The text. Where neither this nor `prompt` is given it is `text`, or else `response` behind `prompt`, whichever the
  /// record has.
  public var text: String?
  /// A text before it, run for context. With a prompt, `text` is `response` if it is not given.
  public var prompt: String?

  public init(text: String? = nil, prompt: String? = nil) {
    self.text = text
    self.prompt = prompt
  }

  /// The sample that a record holds.
  ///
  /// A prompt and what follows it are parted by a space, unless either has white space there.
  func sample(_ record: DataRecord) throws(FileError) -> TextSample {
    let (prompt, text) = try names(in: record)
    let body = try string(text, in: record)
    var sample = TextSample(body)
    if let prompt {
      sample.context = try string(prompt, in: record)
      let isParted = sample.context.last?.isWhitespace == true || body.first?.isWhitespace == true
      sample.text = sample.context + (isParted ? "" : " ") + body
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
    throw record.failure(
      "expected `text`, or `prompt` and `response`, found \(record.fieldNames)",
      next: "choose a field with --field")
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
