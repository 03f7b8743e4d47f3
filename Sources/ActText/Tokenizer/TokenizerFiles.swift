import ActFormats
import Glibc

/// The files of a folder that has others in place of `tokenizer.json`.
protocol TokenizerFiles {
  /// The file with the vocabulary, for messages.
  var path: String { get }

  /// As a `tokenizer.json`.
  func tokenizer() throws(FileError) -> JSON
}

/// The files of a folder without `tokenizer.json`; nil where there are none of a class that is known.
func tokenizerFiles(inDirectory directory: String) throws(FileError) -> (any TokenizerFiles)? {
  if let files = try CLIPTokenizerFiles(directory: directory) { return files }
  return try T5TokenizerFiles(directory: directory)
}

extension Tokenizer {
  /// Reads the `tokenizer.json` at `path`.
  package convenience init(path: String, config: TokenizerConfig? = nil) throws(FileError) {
    try self.init(json: JSON(tokenizerFile: path), path: path, config: config)
  }

  /// Reads `tokenizer.json` in `directory`, or of CLIP `vocab.json` and `merges.txt`, or of T5 `spiece.model`, and
  /// `tokenizer_config.json` where there is one.
  package convenience init(directory: String) throws(FileError) {
    let configPath = directory + "/tokenizer_config.json"
    let config = access(configPath, F_OK) == 0 ? try TokenizerConfig(path: configPath) : nil
    let path = directory + "/tokenizer.json"
    guard access(path, F_OK) != 0, let files = try tokenizerFiles(inDirectory: directory) else {
      try self.init(path: path, config: config)
      return
    }
    try self.init(json: files.tokenizer(), path: files.path, config: config)
  }

  /// Builds a tokenizer from the text of a `tokenizer.json`. `path` is for error messages.
  package convenience init(
    parsing text: String, path: String, config: TokenizerConfig? = nil
  ) throws(FileError) {
    try self.init(json: JSON(parsing: Array(text.utf8), path: path), path: path, config: config)
  }
}

extension JSON {
  /// Three times the largest tokenizers in use.
  private static let maximumTokenizerSize = 96 << 20

  init(parsing bytes: [UInt8], path: String) throws(FileError) {
    do {
      self = try JSON(parsing: bytes)
    } catch {
      throw FileError(path, "byte \(error.offset)", "not JSON: \(error.problem)")
    }
  }

  init(tokenizerFile path: String) throws(FileError) {
    guard let file = fopen(path, "rb") else { throw FileError(path, nil, String(cString: strerror(errno))) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes += chunk[..<count]
      guard bytes.count <= JSON.maximumTokenizerSize else {
        throw FileError(path, nil, "a tokenizer file over \(JSON.maximumTokenizerSize >> 20) MiB")
      }
      if count == 0 { break }
    }
    guard ferror(file) == 0 else { throw FileError(path, nil, String(cString: strerror(errno))) }
    try self.init(parsing: bytes, path: path)
  }
}
