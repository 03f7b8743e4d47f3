import ActCompile
import ActEval
import ActFormats
import ActRuntime
import Glibc
import ModelChecks
import Testing
import Workbench

/// Sweeps of prompts, strengths and samples, and the files that hold them.
@Suite struct GenerationSweepTests {
  private let directory: TemporaryDirectory
  private let checkpoint: Model

  init() throws {
    directory = try TemporaryDirectory()
    checkpoint = try Model(fixture("tiny-plain"))
  }

  private func model(sequences: Int = 5, slots: Int = 3) throws -> LanguageModel {
    let engine = try checkpoint.makeEngine(
      steeredBy: try checkpoint.fitRandomMap(at: SteeredSites.outputs.rawValue), maximumSequences: sequences,
      maximumSlots: slots)
    return try LanguageModel(engine, path: "tiny-plain", tokenizer: nil)
  }

  private func settings(_ seed: UInt64 = 7) -> GenerationSettings {
    GenerationSettings(
      sampling: .object(["seed": .number("\(seed)"), "top_k": .int(40)]),
      plan: .object(["sha256": .string("ab")]))
  }

  /// More sets of strengths than the engine has slots.
  private func sweep(samples: Int = 2, strengths: [Float] = [0, 0.5, 1, 1.5]) -> GenerationSweep {
    var sampling = SamplingOptions()
    sampling.temperature = 1.5
    sampling.seed = 7
    return GenerationSweep(
      prompts: (0..<3).map {
        GenerationPrompt(text: "prompt \($0)", line: $0 + 1, tokens: randomPrompt(4 + $0, seed: UInt64($0)))
      },
      combinations: strengths.map { [steeringMap: $0] }, samples: samples, sampling: sampling,
      maximumTokens: 9,
      settings: settings())
  }

  private func records(_ sweep: GenerationSweep, _ model: LanguageModel) throws -> [GenerationRecord] {
    var records: [GenerationRecord] = []
    try sweep.run(model) { records.append($0) }
    return records
  }

  @Test func everyContinuationComesOnceAndIsAsAlone() throws {
    let sweep = sweep()
    let records = try records(sweep, model())
    #expect(records.count == 24 && Set(records.map(\.key)) == sweep.keys)
    #expect(Set(records.map(\.seed)).count == 6)
    #expect(records.first { $0.promptIndex == 0 && $0.sample == 0 }?.seed == 7)
    let alone = try model(sequences: 1, slots: 2)
    for record in records {
      var request = GenerationRequest(prompt: sweep.prompts[record.promptIndex].tokens, maximumTokens: 9)
      request.strengths = record.strengths
      request.sampling = sweep.sampling
      request.sampling.seed = record.seed
      #expect(try alone.generate([request]).generations[0].tokens == record.tokens)
    }
    #expect(Set(records.map(\.tokens)).count == 24)
  }

  @Test func whatIsDoneIsNotGeneratedAgain() throws {
    let model = try model()
    let all = try records(sweep(), model)
    let done = Set(all.prefix(10).map(\.key))
    var rest: [GenerationRecord] = []
    try sweep().run(model, skipping: done) { rest.append($0) }
    #expect(Set(rest) == Set(all.filter { !done.contains($0.key) }))
  }

  @Test func aRecordSurvivesItsLine() throws {
    var record = try records(sweep(samples: 1, strengths: [0.1]), model())[0]
    record.text = "a \"quoted\" line\nand\u{7} a bell \u{1F600}"
    record.seed = .max
    record.finish = .end
    for text in ["map=0.1", "map=0->1 over 4 until 9 when mean(s) > 0.25 and cos(s) < 1"] {
      record.strengths = try steering(text, readsPromptAgain: true).reduced
      let read = try GenerationRecord(JSON(parsing: record.json.description)) { FileError("x", nil, $0) }
      #expect(read == record)
    }
    record.strengths = ["map": 0.1]
    #expect(record.json.description.hasPrefix("{\"format\":\"act-generation/1\","))
    #expect(record.key == .init(strengths: [steeringMap: 0.1, "other": 0], promptIndex: 0, sample: 0))
  }

  // MARK: Files

  private func write(_ records: some Sequence<GenerationRecord>, to name: String) throws -> String {
    let path = directory.file(name)
    let file = try GenerationFile(addingTo: path, settings: settings())
    for record in records { try file.append(record) }
    try file.finish()
    return path
  }

  /// Wherever a run was cut off, opening its file again keeps the whole lines and drops the rest.
  @Test func anUnfinishedLineIsDropped() throws {
    let records = Array(try records(sweep(samples: 1, strengths: [0]), model()))
    let whole = try directory.read(
      String(try write(records, to: "whole").split(separator: "/").last!))
    let lastLine = try #require(whole.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
    for length in stride(from: lastLine, to: whole.count, by: 7) + [whole.count - 1] {
      let path = try directory.write(Array(whole[..<length]), to: "cut")
      let isCut = length > lastLine
      #expect(try GenerationFile.read(path).hasUnfinishedLine == isCut)
      do {
        let file = try GenerationFile(addingTo: path, settings: settings())
        #expect(file.records == Array(records.dropLast()) && file.hadUnfinishedLine == isCut)
        try file.append(records.last!)
      }
      #expect(try directory.read("cut") == whole, "\(length)")
    }
  }

  @Test func filesOfOtherSettingsAreRefused() throws {
    let path = try write(try records(sweep(samples: 1, strengths: [0]), model()), to: "x")
    let before = try directory.read("x")
    let error = #expect(throws: FileError.self) {
      try GenerationFile(addingTo: path, settings: settings(8))
    }
    #expect(error?.description.contains("sampling.seed: expected 8, found 7") == true)
    #expect(try directory.read("x") == before)
    var other = sweep()
    other.prompts[1].text = "another"
    let contents = try GenerationFile.read(path)
    #expect(throws: FileError.self) { try other.keys(of: contents.records, path: path) }
    #expect(try sweep().keys(of: contents.records, path: path).count == 3)
  }

  /// What is no file of generations stays as it is.
  @Test(arguments: [
    "hello", "hello\n", "{\"format\":\"act-generation/2\"}\n", "{\"a\":1}\n", "{\"a\":", "[]\n", "\n",
    "{\"format\":\"act-generation/1\"}\n",
    "{\"format\":\"act-generation/1\",\"prompt_index\":-1,\"sample\":0,\"seed\":0,\"strengths\":{}}\n",
  ])
  func otherFilesAreLeftAlone(text: String) throws {
    let path = try directory.write(text, to: "x")
    #expect(throws: FileError.self) { try GenerationFile(addingTo: path, settings: settings()) }
    #expect(throws: FileError.self) { try GenerationFile.read(path) }
    #expect(try directory.read("x") == Array(text.utf8))
  }

  @Test func aLineTwiceIsAnError() throws {
    let records = try records(sweep(samples: 1, strengths: [0]), model())
    let path = try write(records + records.prefix(1), to: "x")
    let error = #expect(throws: FileError.self) { try GenerationFile.read(path) }
    #expect(error?.place == "line 4")
  }

  @Test func aFileHasOneWriter() throws {
    let path = directory.file("x")
    let file = try GenerationFile(addingTo: path, settings: settings())
    let error = #expect(throws: FileError.self) { try GenerationFile(addingTo: path, settings: settings()) }
    #expect(error?.description.contains("another run is writing to it") == true)
    withExtendedLifetime(file) {}
  }

  @Test func aRunWithoutTextsLeavesNoFile() throws {
    do { _ = try GenerationFile(addingTo: directory.file("x"), settings: settings()) }
    #expect(directory.contents.isEmpty)
    #expect(throws: FileError.self) { try GenerationFile(addingTo: directory.path, settings: settings()) }
    #expect(throws: FileError.self) { try GenerationFile.read(directory.file("absent")) }
  }
}
