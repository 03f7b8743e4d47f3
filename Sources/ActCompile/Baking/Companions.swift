import ActFormats

/// What stands beside a model's weights and configuration.
enum CompanionContents {
  case file(String)
  case text(String)

  /// Appends it to a file.
  func write(to file: AtomicFile) throws(FileError) {
    switch self {
    case .file(let path):
      let source = try MappedFile(path)
      if !source.bytes.isEmpty { try file.write(source.bytes) }
    case .text(let text): try file.write(text)
    }
  }
}

extension ModelFiles {
  /// The files of tokenizers, of chat templates and of generation, and licences, by the names that they have in
  /// directories of Hugging Face.
  private static let companionNames = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    "chat_template.jinja", "chat_template.json", "generation_config.json", "LICENSE", "LICENSE.txt",
    "LICENSE.md",
    "NOTICE", "USE_POLICY.md",
  ]

  /// The files beside weights and configuration that a copy of the model needs, with what they hold.
  ///
  /// - Throws: `FileError` for a tokenizer of a GGUF file that is damaged or not supported.
  func companions() throws(FileError) -> [(name: String, contents: CompanionContents)] {
    guard let gguf else {
      return Self.companionNames.filter { fileExists("\(path)/\($0)") }.map { ($0, .file("\(path)/\($0)")) }
    }
    var companions: [(name: String, contents: CompanionContents)] = []
    if let json = try gguf.tokenizerJSON() {
      companions.append(("tokenizer.json", .text(json.description + "\n")))
    }
    if let json = try gguf.tokenizerConfiguration() {
      companions.append(("tokenizer_config.json", .text(json.pretty)))
    }
    return companions
  }
}
