import ActFormats
import ActTerminal
import ArgumentParser

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Turns a GGUF file into a Hugging Face directory.",
    discussion: """
      Example:
        actc import SmolLM2-135M-Instruct.Q4_1.gguf -o SmolLM2
      """)

  @Argument(help: "The GGUF file.") var file: String
  @Option(name: .shortAndLong, help: "The directory to write.") var output: String
  @Option(help: "The tensors' element type: stored (quantised ones as f32), f32, bf16 or f16.")
  var dtype = "stored"

  func run() throws {
    let precisions: [String: ImportPrecision] = ["stored": .stored, "f32": .f32, "bf16": .bf16, "f16": .f16]
    guard let precision = precisions[dtype] else {
      throw ValidationError("--dtype: expected stored, f32, bf16 or f16, found `\(dtype)`")
    }
    let bar = ProgressBar("importing")
    try importGGUF(from: file, to: output, precision: precision, note: note) { written, total in
      bar.update(Double(written) / Double(max(total, 1)))
    }
    bar.finish()
    note("wrote \(output)")
  }
}
