import ActFormats

extension Model {
  /// The tokens that end a text: `eos_token_id` of `generation_config.json`, else of `config.json`; one or several.
  ///
  /// - Throws: `FileError` for anything but token ids.
  package func endTokens() throws(FileError) -> [Int] {
    guard let (value, path) = try files.endTokens() else { return [] }
    let tokens = value.array?.compactMap(\.int) ?? [value.int].compactMap { $0 }
    guard !tokens.isEmpty, tokens.count == value.array?.count ?? 1,
      tokens.allSatisfy({ (0...Int(Int32.max)).contains($0) })
    else {
      throw FileError(path, "eos_token_id", "expected token ids, found \(value.description.prefix(60))")
    }
    return tokens
  }
}
