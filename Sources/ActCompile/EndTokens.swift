import ActFormats

extension Model {
  /// The tokens that end a text: `eos_token_id` of `generation_config.json`, else of `config.json`; one or several.
  ///
  /// - Throws: `FileError` for anything but token ids.
  package func endTokens() throws(FileError) -> [Int] {
    for name in ["generation_config.json", "config.json"] {
      let file = "\(path)/\(name)"
      guard fileExists(file) else { continue }
      guard let value = try JSON(readingFile: file)["eos_token_id"], value != .null else { continue }
      let tokens = value.array?.compactMap(\.int) ?? [value.int].compactMap { $0 }
      guard !tokens.isEmpty, tokens.count == value.array?.count ?? 1,
        tokens.allSatisfy({ (0...Int(Int32.max)).contains($0) })
      else {
        throw FileError(file, "eos_token_id", "expected token ids, found \(value.description.prefix(60))")
      }
      return tokens
    }
    return []
  }
}
