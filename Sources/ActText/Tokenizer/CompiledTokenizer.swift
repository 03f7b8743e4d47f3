import ActFormats

/// A tokenizer taken apart for a plan: its large tables as arrays, and its rules as JSON.
///
/// A `tokenizer.json` spells every token and every merge as text, which takes a tenth of a second to read; the arrays
/// take a few milliseconds.
package struct CompiledTokenizer: Hashable, Sendable {
  package var tables: TokenizerTables
  /// The `tokenizer.json` without the `vocab` and `merges` of its `model`.
  package var rules: JSON

  package init(tables: TokenizerTables, rules: JSON) {
    self.tables = tables
    self.rules = rules
  }

  /// Reads and checks the `tokenizer.json` at `path`.
  package init(path: String) throws(FileError) { try self.init(json: JSON(tokenizerFile: path), path: path) }

  /// Reads and checks what a folder without `tokenizer.json` has in its place: of CLIP `vocab.json` and `merges.txt`, of
  /// T5 `spiece.model`; nil where they are not there, or of another class. The path is that of the vocabulary.
  package static func ofFiles(
    inDirectory directory: String
  ) throws(FileError) -> (tokenizer: CompiledTokenizer, path: String)? {
    guard let files = try tokenizerFiles(inDirectory: directory) else { return nil }
    return (try CompiledTokenizer(json: files.tokenizer(), path: files.path), files.path)
  }

  /// Checks the JSON of a `tokenizer.json` and takes it apart. `path` is for error messages.
  package init(json: JSON, path: String) throws(FileError) {
    tables = try Tokenizer(json: json, path: path).tables
    let kind = try TokenModel.Kind(LocatedJSON(path: path, place: "model", value: json["model"] ?? .null))
    rules = json.replacingMembers { member in
      guard member.key == "model" else { return member.value }
      // The kind is spelled out: where a file leaves it out, the tables tell.
      let model = member.value.replacingMembers { table in
        ["type", "vocab", "merges"].contains(table.key) ? nil : table.value
      }
      return .object([JSON.Member("type", .string(kind.rawValue))] + (model.members ?? []))
    }
  }
}

extension JSON {
  /// An object with its members replaced, or without those for which `replacement` is nil; other values unchanged.
  fileprivate func replacingMembers(_ replacement: (Member) -> JSON?) -> JSON {
    guard let members else { return self }
    return .object(members.compactMap { member in replacement(member).map { Member(member.key, $0) } })
  }
}
