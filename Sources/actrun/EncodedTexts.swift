import ActFormats
import ActPlan
import ActRuntime
import ActTerminal
import ArgumentParser

/// The texts that an encoder takes: of a data file, or one given as it is.
struct EncodedTexts: ParsableArguments {
  @Argument(help: "The plan.", completion: .file(extensions: ["plan"])) var plan: String
  @Argument(help: "A data file of texts, by default a line each; - is standard input.", completion: .file())
  var file: String?
  @Option(name: .shortAndLong, help: "A single text to take.") var prompt: String?
  @OptionGroup(title: "Records of the data file") var records: RecordArguments

  func validate() throws {
    guard (file == nil) != (prompt == nil) else { throw ValidationError("expected a data file or --prompt") }
    if prompt != nil, let option = records.given.first {
      throw ValidationError("\(option): expected a data file, found --prompt")
    }
  }

  /// Hands the texts to `body`, so many as one call takes at a time, and notes how many were cut.
  func forEachBatch(_ encoder: TextEncoder, _ body: ([String]) throws -> Void) throws {
    let texts = try prompt.map { [$0] } ?? records.read(file!).texts
    let bar = ProgressBar("encoding", of: (texts.count, "texts"))
    for start in stride(from: 0, to: texts.count, by: encoder.textsPerCall) {
      let batch = Array(texts[start..<min(start + encoder.textsPerCall, texts.count)])
      try body(batch)
      bar.update(Double(start + batch.count) / Double(texts.count))
    }
    bar.finish()
    if encoder.cutCount > 0 {
      note(
        "cut \(encoder.cutCount) of \(texts.count) texts to \(encoder.mostTokens) tokens, as the plan takes")
    }
  }
}
