import ActFormats
import ActText
import Testing
import Workbench

/// CLIP's tokenizer as folders of the hub have it, against what `transformers` makes of them
/// (`Scripts/make-clip-tokenizers.py`).
@Suite struct CLIPTokenizerFilesTests {
  private static let shared = ["vocab.json", "merges.txt"]

  /// A folder as the hub has it.
  private func folder(_ name: String) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let source = fixture("clip/\(name)")
    for file in TemporaryDirectory.contents(source) {
      try directory.write(readBytes("\(source)/\(file)"), to: file)
    }
    for file in Self.shared { try directory.write(readBytes(fixture("clip/\(file)")), to: file) }
    return directory
  }

  @Test(arguments: ["listed", "legacy", "added", "bare"], [true, false])
  func equalsTransformers(name: String, isCompiled: Bool) throws {
    let directory = try folder(name)
    let tokenizer: Tokenizer
    if isCompiled {
      let compiled = try #require(try CompiledTokenizer.ofFiles(inDirectory: directory.path)).tokenizer
      tokenizer = try Tokenizer(compiled, path: directory.path)
    } else {
      tokenizer = try Tokenizer(directory: directory.path)
    }
    try expectRecorded(name, in: fixture("clip/cases.json"), from: tokenizer)
  }

  /// Files of another class, or half of them, are not taken for CLIP's.
  @Test func othersAreLeftAlone() throws {
    let directory = try folder("bare")
    try directory.write(#"{"tokenizer_class": "GPT2Tokenizer"}"#, to: "tokenizer_config.json")
    #expect(try CompiledTokenizer.ofFiles(inDirectory: directory.path) == nil)
    let half = try TemporaryDirectory()
    try half.write("{}", to: "vocab.json")
    #expect(try CompiledTokenizer.ofFiles(inDirectory: half.path) == nil)
  }

  @Test(arguments: [
    ("vocab.json", "[]", "vocab.json: expected an object"),
    ("vocab.json", #"{"a": "b"}"#, "vocab.json: a: expected the number of a token"),
    ("merges.txt", "#version: 0.2\na b c\n", "merges.txt: line 2: expected two tokens, found `a b c`"),
    (
      "tokenizer_config.json", #"{"tokenizer_class": "CLIPTokenizer", "bos_token": 3}"#,
      "tokenizer_config.json: bos_token: expected a string"
    ),
  ])
  func errorsNameFileAndPlace(file: String, text: String, message: String) throws {
    let directory = try folder("bare")
    try directory.write(text, to: file)
    let error = #expect(throws: FileError.self) { try CompiledTokenizer.ofFiles(inDirectory: directory.path) }
    #expect(error?.description == "\(directory.path)/\(message)")
  }
}
