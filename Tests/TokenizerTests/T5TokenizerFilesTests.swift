import ActFormats
import ActText
import Testing
import Workbench

/// T5's tokenizer as folders with a model of SentencePiece have it, against what `transformers` makes of them
/// (`Scripts/make-t5-tokenizers.py`).
@Suite struct T5TokenizerFilesTests {
  private static let bare = #"{"tokenizer_class": "T5Tokenizer"}"#

  private func folder(_ name: String) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let source = fixture("t5/\(name)")
    for file in TemporaryDirectory.contents(source) {
      try directory.write(readBytes("\(source)/\(file)"), to: file)
    }
    let model = name == "identity" ? "identity.model" : "spiece.model"
    try directory.write(readBytes(fixture("t5/\(model)")), to: "spiece.model")
    return directory
  }

  @Test(arguments: ["listed", "legacy", "short", "bare", "identity"], [true, false])
  func equalsTransformers(name: String, isCompiled: Bool) throws {
    let directory = try folder(name)
    let tokenizer: Tokenizer
    if isCompiled {
      let compiled = try #require(try CompiledTokenizer.ofFiles(inDirectory: directory.path))
      #expect(compiled.path == directory.file("spiece.model"))
      tokenizer = try Tokenizer(compiled.tokenizer, path: directory.path)
    } else {
      tokenizer = try Tokenizer(directory: directory.path)
    }
    try expectRecorded(name, in: fixture("t5/cases.json"), from: tokenizer)
  }

  /// Files of another class are not taken for T5's, and neither is a folder without the model.
  @Test func othersAreLeftAlone() throws {
    let directory = try folder("bare")
    try directory.write(#"{"tokenizer_class": "AlbertTokenizer"}"#, to: "tokenizer_config.json")
    #expect(try CompiledTokenizer.ofFiles(inDirectory: directory.path) == nil)
    let half = try TemporaryDirectory()
    try half.write(Self.bare, to: "tokenizer_config.json")
    #expect(try CompiledTokenizer.ofFiles(inDirectory: half.path) == nil)
  }

  @Test(arguments: [
    ("pairs", "trainer_spec.model_type: an algorithm of the number 2, other than unigrams, is not supported"),
    ("bytes", "trainer_spec.byte_fallback: true is not supported"),
    ("spaceless", "normalizer_spec.add_dummy_prefix: false is not supported"),
    ("symbols", "piece 3: a piece of the type userDefined is not supported"),
    ("unknown", "a vocabulary whose piece 2 is not the unknown one is not supported"),
  ])
  func otherModelsAreRefused(name: String, problem: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(Self.bare, to: "tokenizer_config.json")
    try directory.write(readBytes(fixture("t5/refused/\(name).model")), to: "spiece.model")
    let error = #expect(throws: FileError.self) { try Tokenizer(directory: directory.path) }
    #expect(error?.isUnsupported == true)
    #expect(error?.description.contains("spiece.model: \(problem)") == true, "\(String(describing: error))")
  }

  /// Models and configurations that are damaged, byte by byte.
  @Test(
    arguments: [
      ([0x0A], "byte 1: the message ends within a number"),
      ([0x0A, 0x05, 0x0A], "byte 1: expected a length within the message"),
      ([0x0A, 0x03, 0x0A, 0x02, 0x41], "byte 3: expected a length within the message"),
      ([0x0A, 0x03, 0x0A, 0x01, 0xFF], "piece 0: not UTF-8"),
      ([0x0A, 0x05, 0x15, 0, 0, 0x80, 0x7F], "piece 0: expected a text and a finite score"),
      (
        [0x0A, 0x08, 0x0A, 0x01, 0x41, 0x15, 0, 0, 0x80, 0x7F], "piece 0: expected a text and a finite score"
      ),
      ([0x0A, 0x05, 0x0A, 0x01, 0x41, 0x18, 0x09], "piece 0: expected a type from 1 to 6, found 9"),
      ([0x0A, 0x03, 0x0A, 0x01, 0x41, 0x0A, 0x03, 0x0A, 0x01, 0x41], "piece 1: `A` is there twice"),
      ([0x0B, 0x0C], "byte 1: expected a field, found the wire type 3"),
      ([0x02, 0x00], "byte 2: expected the number of a field, found 0"),
      ([0x15, 0x00], "byte 1: the message ends within a field"),
      ([UInt8](repeating: 0xFF, count: 12), "byte 0: expected a number of 64 bits"),
      ([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01], "byte 1: expected a length within the message"),
      ([0x22, 0x00], "expected a model of SentencePiece, found no pieces"),
    ] as [([UInt8], String)])
  func damagedModels(bytes: [UInt8], problem: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(Self.bare, to: "tokenizer_config.json")
    try directory.write(bytes, to: "spiece.model")
    let error = #expect(throws: FileError.self) { try Tokenizer(directory: directory.path) }
    #expect(error?.description == "\(directory.file("spiece.model")): \(problem)")
  }

  @Test(arguments: [
    ("-1", "extra_ids: expected a number up to 10000, found -1"),
    ("100000000", "extra_ids: expected a number up to 10000, found 100000000"),
  ])
  func extraTokens(count: String, problem: String) throws {
    let directory = try folder("bare")
    try directory.write(
      #"{"tokenizer_class": "T5Tokenizer", "extra_ids": \#(count)}"#, to: "tokenizer_config.json")
    let error = #expect(throws: FileError.self) { try Tokenizer(directory: directory.path) }
    #expect(error?.description == "\(directory.file("tokenizer_config.json")): \(problem)")
  }
}
