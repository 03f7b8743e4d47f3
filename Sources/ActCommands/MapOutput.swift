import ArgumentParser

/// Where a fitted map is written.
struct MapOutput: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The map file to write.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var path: String
}
