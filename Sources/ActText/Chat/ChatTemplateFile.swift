import ActFormats

extension TokenizerConfig {
  /// The text of a model's `tokenizer_config.json`; where the directory has a `chat_template.jinja`, with that as its
  /// template. nil for a directory with neither.
  package static func text(inDirectory directory: String) throws(FileError) -> String? {
    let path = "\(directory)/tokenizer_config.json"
    let text = try text(ofFile: path)
    guard let template = try self.text(ofFile: "\(directory)/chat_template.jinja") else { return text }
    let config = try text.map { (text) throws(FileError) in try JSON(parsing: Array(text.utf8), path: path) }
    guard let members = (config ?? .object([] as [JSON.Member])).members else { return text }
    let others = members.filter { $0.key != "chat_template" }
    return JSON.object(others + [.init("chat_template", .string(template))]).description
  }

  private static func text(ofFile path: String) throws(FileError) -> String? {
    guard fileExists(path) else { return nil }
    let file = try MappedFile(path)
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw FileError(path, nil, "expected UTF-8 text")
    }
    return text
  }
}
