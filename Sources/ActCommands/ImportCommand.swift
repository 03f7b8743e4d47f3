import ActFormats
import ActTerminal
import ArgumentParser

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Turns a GGUF file into a Hugging Face directory.",
    discussion: """
      Commands that take a model read the file as it is; the directory is for other tools, and for another element \
      type.

      Example:
        actc import SmolLM2-135M-Instruct.Q4_1.gguf -o SmolLM2
      """)

  @Argument(help: "The GGUF file.", completion: .file(extensions: ["gguf"])) var file: String
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The directory to write.", valueName: "directory"),
    completion: .directory)
  var output: String
  @Option(
    help:
      "What the written tensors hold; with stored, what the file holds, quantised and computed tensors as f32."
  )
  var dtype = ImportPrecision.stored

  func run() throws {
    let bar = ProgressBar("importing")
    try importGGUF(from: file, to: output, precision: dtype, note: note) { written, total in
      bar.update(Double(written) / Double(max(total, 1)))
    }
    bar.finish()
    note("wrote \(output)")
  }
}

extension ImportPrecision: ExpressibleByArgument {}
