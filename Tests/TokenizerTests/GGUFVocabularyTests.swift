import ActFormats
import ActText
import FoundationEssentials
import Testing

/// Tokenizers of GGUF files against the tokens that llama.cpp, SentencePiece and `tokenizers` make.
@Suite struct GGUFVocabularyTests {
  /// The directory of llama.cpp's vocabularies and its cases for them, or nil where the environment does not name one.
  static let vocabularies = ProcessInfo.processInfo.environment["ACT_GGUF_VOCABULARIES"]

  /// llama.cpp's own cases.
  @Test(
    .enabled(if: vocabularies != nil, "ACT_GGUF_VOCABULARIES names no directory of llama.cpp's vocabularies"),
    arguments: ["gpt-2", "llama-spm", "bert-bge"], TokenizerForm.allCases)
  func equalsLlamaCpp(name: String, form: TokenizerForm) throws {
    let path = (Self.vocabularies ?? "") + "/ggml-vocab-\(name).gguf"
    let tokenizer = try Self.tokenizer(path, form)
    func text(_ ending: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(filePath: path + ending)), as: UTF8.self)
    }
    let texts = try text(".inp").split("\n__ggml_vocab_test__\n")
    let rows = try text(".out").split("\n")
    #expect(texts.count > 40 && rows.count >= texts.count)
    for (line, row) in zip(texts, rows) {
      let expected = row.split(" ").compactMap { Int($0) }
      let found = try tokenizer.encode(line, addSpecialTokens: false)
      #expect(found == expected, "\(line.debugDescription)")
    }
  }

  static func tokenizer(_ path: String, _ form: TokenizerForm) throws -> Tokenizer {
    let source = try GGUFTokenizer(GGUFFile(path))
    let config = try TokenizerConfig(json: source.config, path: path)
    return try form.load(source.json(), path: path, config: config)
  }
}

extension String {
  /// The parts between separators, empty ones too; a separator may be one with a character beside it.
  fileprivate func split(_ separator: String) -> [String] {
    var parts: [[UInt8]] = [[]]
    let (bytes, mark) = (Array(utf8), Array(separator.utf8))
    var at = 0
    while at < bytes.count {
      if bytes[at...].starts(with: mark) {
        parts.append([])
        at += mark.count
      } else {
        parts[parts.count - 1].append(bytes[at])
        at += 1
      }
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }
}
