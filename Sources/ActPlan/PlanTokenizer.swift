import ActFormats
import ActText

/// A tokenizer of a plan, which has one, or several by name.
///
/// Its rules are in the metadata entry `tokenizer`, the text of its `tokenizer_config.json` in `tokenizer_config`, and
/// its tables are tensors. A name and a dot stand before all of these where the tokenizer has one.
///
///     tokenizer.text    U8  [bytes]
///     tokenizer.ends    I32 [tokens]
///     tokenizer.ids     I32 [tokens]
///     tokenizer.merges  I32 [merges, 3]    of byte-pair models
///     tokenizer.scores  F64 [tokens]       of unigram models
package struct PlanTokenizer: Sendable {
  /// The module that reads its tokens; nil for the only tokenizer.
  package var name: String?
  package var compiled: CompiledTokenizer
  /// The text of `tokenizer_config.json`; nil where there is none.
  package var configuration: String?

  package init(_ compiled: CompiledTokenizer, configuration: String?, name: String? = nil) {
    self.name = name
    self.compiled = compiled
    self.configuration = configuration
  }

  /// The tokenizer, and its `tokenizer_config.json`, as who reads the plan makes them. `path` is for messages.
  package func makeTokenizer(
    path: String
  ) throws(FileError) -> (tokenizer: Tokenizer, configuration: TokenizerConfig?) {
    let parsed = try configuration.map { (text) throws(FileError) in
      try TokenizerConfig(parsing: text, path: path)
    }
    return (try Tokenizer(compiled, path: path, config: parsed), parsed)
  }

  /// The key of what it keeps, under a name or not.
  static func key(_ key: String, _ name: String?) -> String { name.map { "\($0).\(key)" } ?? key }

  var metadata: [(key: String, value: String)] {
    var entries = [(Self.key("tokenizer", name), compiled.rules.description)]
    if let configuration { entries.append((Self.key("tokenizer_config", name), configuration)) }
    return entries
  }

  var entries: [SafetensorsWriter.Entry] {
    let (tables, key) = (compiled.tables, Self.key("tokenizer", name))
    var entries: [SafetensorsWriter.Entry] = [
      .init("\(key).text", .u8, [tables.text.count]), .init("\(key).ends", .i32, [tables.ends.count]),
      .init("\(key).ids", .i32, [tables.ids.count]),
    ]
    if let merges = tables.merges { entries.append(.init("\(key).merges", .i32, [merges.count / 3, 3])) }
    if let scores = tables.scores { entries.append(.init("\(key).scores", .f64, [scores.count])) }
    return entries
  }

  func write(to writer: SafetensorsWriter) throws(FileError) {
    let (tables, key) = (compiled.tables, Self.key("tokenizer", name))
    try writer.append(tables.text, to: "\(key).text")
    try writer.append(tables.ends, to: "\(key).ends")
    try writer.append(tables.ids, to: "\(key).ids")
    if let merges = tables.merges { try writer.append(merges, to: "\(key).merges") }
    if let scores = tables.scores { try writer.append(scores, to: "\(key).scores") }
  }
}

extension CompiledTokenizer {
  /// Reads what a ``PlanTokenizer`` of a name wrote; nil if the plan has none. The contents of the tables are not checked
  /// here.
  init?(in file: SafetensorsFile, name: String?) throws(FileError) {
    let key = PlanTokenizer.key("tokenizer", name)
    guard let rules = try file.json(key) else { return nil }
    self.init(
      tables: TokenizerTables(
        text: try file.elements(of: "\(key).text", .u8, columns: nil),
        ends: try file.elements(of: "\(key).ends", .i32, columns: nil),
        ids: try file.elements(of: "\(key).ids", .i32, columns: nil),
        merges: file["\(key).merges"] == nil
          ? nil : try file.elements(of: "\(key).merges", .i32, columns: 3),
        scores: file["\(key).scores"] == nil
          ? nil : try file.elements(of: "\(key).scores", .f64, columns: nil)),
      rules: rules)
  }
}

extension SafetensorsFile {
  /// The JSON text in the metadata entry `key`, or nil where there is none.
  func json(_ key: String) throws(FileError) -> JSON? {
    guard let text = metadata(key) else { return nil }
    do throws(JSONError) { return try JSON(parsing: text) } catch { throw FileError(path, key, "\(error)") }
  }

  /// The elements of a tensor `[N]`, or `[N, columns]`.
  fileprivate func elements<Element: BitwiseCopyable>(
    of name: String, _ dtype: StorageType, columns: Int?
  ) throws(FileError) -> [Element] {
    let expected = "\(dtype.rawValue) [N\(columns.map { ", \($0)" } ?? "")]"
    guard let tensor = self[name] else {
      throw FileError(
        path, name, "expected \(expected), found no such tensor", next: "compile it again with this version")
    }
    guard tensor.dtype == dtype, tensor.shape.dropFirst() == (columns.map { [$0] } ?? [])[...],
      !tensor.shape.isEmpty
    else {
      throw FileError(path, name, "expected \(expected), found \(tensor.dtype.rawValue) \(tensor.shape)")
    }
    return bytes(of: tensor).withMemoryRebound(to: Element.self) { Array($0) }
  }
}

extension SafetensorsWriter {
  fileprivate func append(_ elements: [some BitwiseCopyable], to name: String) throws(FileError) {
    try elements.withUnsafeBufferPointer { (elements) throws(FileError) in
      try append(UnsafeRawBufferPointer(elements), to: name)
    }
  }
}
