import ActFormats
import ArgumentParser

/// The maps of the rounds of a causal fit on several machines that are done.
struct EarlierRounds: ParsableArguments {
  @Option(
    help: ArgumentHelp("The map file of the earlier rounds of a causal fit.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var after: String?

  /// The map file; nil in the first round.
  func map() throws -> MapFile? { try after.map { try MapFile(reading: $0) } }
}
