import ActFormats
import ActText
import FoundationEssentials
import Synchronization
import Testing
import Workbench

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

  struct Variant: Sendable, CustomTestStringConvertible {
    var name: String
    /// What the file's header has beside the fixture's entries.
    var entries: [JSON.Member]
    var lines: [String]
    /// nil where there is no reference.
    var rows: [[Int]?]

    var testDescription: String { "\(name) \(JSON.object(entries))" }
  }

  /// The cases of `Scripts/make-gguf-vocabularies.py`.
  static let variants: [Variant] = ["byte-pairs", "sentence-pieces", "unigrams", "word-pieces"].flatMap {
    name in
    guard let cases = try? JSON(readingFile: fixture("gguf/\(name).cases.json")) else { return [Variant]() }
    let lines = cases["lines"]?.array?.compactMap(\.string) ?? []
    return (cases["variants"]?.array ?? []).map { variant in
      let rows = variant["ids"]?.array?.map { $0.array?.compactMap(\.int) } ?? []
      return Variant(name: name, entries: variant["entries"]?.members ?? [], lines: lines, rows: rows)
    }
  }

  @Test func coverage() {
    #expect(Self.variants.count == 25)
    #expect(Self.variants.allSatisfy { $0.lines.count > 80 && $0.lines.count == $0.rows.count })
  }

  @Test(arguments: variants, TokenizerForm.allCases)
  func equalsReference(variant: Variant, form: TokenizerForm) throws {
    let directory = try TemporaryDirectory()
    let file = try Self.file(variant.name, adding: variant.entries)
    let tokenizer = try Self.tokenizer(directory.write(file, to: "x.gguf"), form)
    for case (let line, let row?) in zip(variant.lines, variant.rows) {
      let found = try tokenizer.encode(line, addSpecialTokens: false)
      #expect(found == row, "\(line.debugDescription)")
    }
  }

  /// What the file asks to be put around texts.
  @Test(arguments: [
    ("byte-pairs", #"{"pre":"gpt-2"}"#, ["a"], ["a", "a"]),
    ("byte-pairs", #"{"pre":"llama-bpe"}"#, ["B", "a"], ["B", "a", "B", "a"]),
    ("byte-pairs", #"{"pre":"gpt-2","add_eos_token":true}"#, ["a", "B"], ["a", "B", "a", "B"]),
    (
      "byte-pairs",
      #"{"pre":"roberta-bpe","add_bos_token":true,"add_eos_token":true,"seperator_token_id":903}"#,
      ["B", "a", "B"], ["B", "a", "B", "<user>", "a", "B"]
    ),
    ("sentence-pieces", "{}", ["<s>", "a"], ["<s>", "a", "<s>", "a"]),
    (
      "sentence-pieces", #"{"add_bos_token":false,"add_eos_token":true}"#, ["a", "</s>"],
      ["a", "</s>", "a", "</s>"]
    ),
    ("unigrams", "{}", ["a", "</s>"], ["a", "</s>", "a", "</s>"]),
    ("word-pieces", "{}", ["[CLS]", "a", "[SEP]"], ["[CLS]", "a", "[SEP]", "a", "[SEP]"]),
  ])
  func framesTexts(name: String, entries: String, single: [String], pair: [String]) throws {
    let directory = try TemporaryDirectory()
    let file = try Self.file(name, adding: JSON(parsing: Array(entries.utf8)).members ?? [])
    let tokenizer = try Self.tokenizer(directory.write(file, to: "x.gguf"), .json)
    func texts(_ ids: [Int]) -> [String] {
      let names = ids.map { tokenizer.token(of: $0) ?? "" }
      // The word itself may be of several tokens, and with a mark before it.
      return names.map { $0.hasSuffix("a") ? "a" : $0 == "<|end|>" ? "B" : $0 }.filter { $0 != "▁" }
    }
    #expect(try texts(tokenizer.encode("a")) == single)
    #expect(try texts(tokenizer.encoding(of: "a", and: "a").ids) == pair)
  }

  /// Texts come back from their tokens.
  @Test(arguments: ["byte-pairs", "sentence-pieces"])
  func decodes(name: String) throws {
    let tokenizer = try Self.tokenizer(fixture("gguf/\(name).gguf"), .json)
    for text in ["Hello  world\n", " a", "漢字 é"] {
      #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
    }
  }

  @Test(arguments: [
    (
      "byte-pairs", #"{"pre":"superbpe"}"#,
      "tokenizer.ggml.pre: the pre-tokenizer `superbpe` is not supported; these are: default, gpt-2,"
    ),
    (
      "unigrams", #"{"add_space_prefix":7}"#,
      "tokenizer.ggml.add_space_prefix: expected true or false, found 7"
    ),
    (
      "word-pieces", #"{"add_eos_token":"yes","add_sep_token":"no"}"#, "add_sep_token: expected true or false"
    ),
    (
      "sentence-pieces", #"{"add_bos_token":true,"padding_token_id":99999}"#,
      "padding_token_id: expected the number of a token"
    ),
  ])
  func refuses(name: String, entries: String, problem: String) throws {
    let directory = try TemporaryDirectory()
    let file = try Self.file(name, adding: JSON(parsing: Array(entries.utf8)).members ?? [])
    let path = try directory.write(file, to: "x.gguf")
    let error = #expect(throws: FileError.self) { try GGUFTokenizer(GGUFFile(path)).json() }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  /// What files leave out is said.
  @Test func notes() throws {
    func notes(_ name: String) throws -> [String] {
      let notes = Mutex<[String]>([])
      _ = try GGUFTokenizer(GGUFFile(fixture("gguf/\(name).gguf"))) { note in
        notes.withLock { $0.append(note) }
      }
      return notes.withLock(\.self)
    }
    #expect(
      try notes("byte-pairs").map {
        $0.hasSuffix("pre: is missing; taking gpt-2; text is cut wrongly if the model's own rule is another")
      } == [true])
    #expect(try notes("unigrams").map { $0.hasSuffix("is missing; taking false") } == [true, true])
    #expect(try notes("sentence-pieces").isEmpty && notes("word-pieces").isEmpty)
  }

  /// The fixture `name` with more entries in its header, which come first.
  static func file(_ name: String, adding entries: [JSON.Member]) throws -> [UInt8] {
    var file = try [UInt8](Data(contentsOf: URL(filePath: fixture("gguf/\(name).gguf"))))
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian, Array.init)
    }
    func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + Array(text.utf8) }
    var added: [UInt8] = []
    for entry in entries {
      added += text("tokenizer.ggml." + entry.key)
      switch entry.value {
      case .bool(let flag): added += bytes(UInt32(7)) + [flag ? 1 : 0]
      case .string(let value): added += bytes(UInt32(8)) + text(value)
      default: added += bytes(UInt32(4)) + bytes(UInt32(entry.value.int ?? 0))
      }
    }
    // Magic, version and the number of tensors stand before that of the entries.
    let count = file[16..<24].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    file.replaceSubrange(16..<24, with: bytes(count + UInt64(entries.count)) + added)
    return file
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
