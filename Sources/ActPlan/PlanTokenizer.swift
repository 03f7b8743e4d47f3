import ActFormats
import ActText

/// How a plan carries a tokenizer: its rules in the metadata entry `tokenizer`, its tables as tensors.
///
///     tokenizer.text    U8  [bytes]
///     tokenizer.ends    I32 [tokens]
///     tokenizer.ids     I32 [tokens]
///     tokenizer.merges  I32 [merges, 3]    of byte-pair models
///     tokenizer.scores  F64 [tokens]       of unigram models
extension CompiledTokenizer {
  var entries: [SafetensorsWriter.Entry] {
    var entries: [SafetensorsWriter.Entry] = [
      .init("tokenizer.text", .u8, [tables.text.count]), .init("tokenizer.ends", .i32, [tables.ends.count]),
      .init("tokenizer.ids", .i32, [tables.ids.count]),
    ]
    if let merges = tables.merges { entries.append(.init("tokenizer.merges", .i32, [merges.count / 3, 3])) }
    if let scores = tables.scores { entries.append(.init("tokenizer.scores", .f64, [scores.count])) }
    return entries
  }

  func write(to writer: SafetensorsWriter) throws(FileError) {
    try writer.append(tables.text, to: "tokenizer.text")
    try writer.append(tables.ends, to: "tokenizer.ends")
    try writer.append(tables.ids, to: "tokenizer.ids")
    if let merges = tables.merges { try writer.append(merges, to: "tokenizer.merges") }
    if let scores = tables.scores { try writer.append(scores, to: "tokenizer.scores") }
  }

  /// Reads what `write` wrote; nil if the plan has no tokenizer. The contents of the tables are not checked here.
  init?(in file: SafetensorsFile) throws(FileError) {
    guard let rules = try file.json("tokenizer") else { return nil }
    self.init(
      tables: TokenizerTables(
        text: try file.elements(of: "tokenizer.text", .u8, columns: nil),
        ends: try file.elements(of: "tokenizer.ends", .i32, columns: nil),
        ids: try file.elements(of: "tokenizer.ids", .i32, columns: nil),
        merges: file["tokenizer.merges"] == nil
          ? nil : try file.elements(of: "tokenizer.merges", .i32, columns: 3),
        scores: file["tokenizer.scores"] == nil
          ? nil : try file.elements(of: "tokenizer.scores", .f64, columns: nil)),
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
