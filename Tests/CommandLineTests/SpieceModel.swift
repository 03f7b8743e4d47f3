import ActFormats
import Testing
import Workbench

/// A pipeline whose T5 tokenizer has a model of SentencePiece in place of `tokenizer.json`.
enum SpieceModel {
  static let pipeline = "tiny-pixart-alpha"

  /// The model of the pipeline's own tokenizer.
  static func whole() throws -> [UInt8] {
    let json = try JSON(parsing: readBytes(Workshop.fixture("\(pipeline)/tokenizer/tokenizer.json")))
    var bytes: [UInt8] = []
    for (index, piece) in try #require(json["model"]?["vocab"]?.array).enumerated() {
      let text = try #require(piece.array?[0].string)
      let score = Float(try #require(piece.array?[1].double))
      // The text, the score, and the type: <pad> and </s> are control pieces, <unk> the unknown one.
      let message =
        [0x0A, UInt8(text.utf8.count)] + Array(text.utf8) + [0x15]
        + withUnsafeBytes(of: score.bitPattern.littleEndian, Array.init) + [
          0x18, index < 2 ? 3 : index == 2 ? 2 : 1,
        ]
      bytes += [0x0A, UInt8(message.count)] + message
    }
    // The training's algorithm, 1, and a normalizer without rules.
    return bytes + [0x12, 2, 0x18, 1] + [0x1A, 10, 0x0A, 8] + Array("identity".utf8)
  }

  /// Copies the pipeline, with the model alone.
  static func copy(to directory: TemporaryDirectory, as name: String) throws {
    let source = Workshop.fixture(pipeline)
    _ = try directory.makeDirectory(name)
    for folder in ["scheduler", "text_encoder", "tokenizer", "transformer", "vae"] {
      _ = try directory.makeDirectory("\(name)/\(folder)")
      for file in TemporaryDirectory.contents("\(source)/\(folder)") where file != "tokenizer.json" {
        try directory.write(readBytes("\(source)/\(folder)/\(file)"), to: "\(name)/\(folder)/\(file)")
      }
    }
    try directory.write(readBytes("\(source)/model_index.json"), to: "\(name)/model_index.json")
    try directory.write(whole(), to: "\(name)/tokenizer/spiece.model")
  }
}
