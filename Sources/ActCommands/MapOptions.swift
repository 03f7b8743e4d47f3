import ActCompile
import ActFormats
import ActTerminal
import ArgumentParser

/// Maps named on the command line.
struct MapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The name of a dial and the map file that it turns; repeat the option for several maps.",
      valueName: "name=file"),
    completion: .file(extensions: ["safetensors"]))
  var maps: [String] = []

  @Option(help: ArgumentHelp("Skip a check of the map files against the model.", valueName: "check"))
  var force: [MapSet.Check] = []

  func load(for model: Model) throws -> MapSet {
    var set = MapSet()
    for pair in maps {
      let (name, path) = try nameAndPath(pair)
      try set.add(MapFile(reading: path), name: name, path: path, model: model, skipping: Set(force))
    }
    return set
  }

  /// The SHA-256 of each map file, by the map's name.
  func hashes() throws -> [String: String] {
    try Dictionary(
      uniqueKeysWithValues: maps.map { pair in
        let (name, path) = try nameAndPath(pair)
        return (name, try SHA256.hex(ofFile: path))
      })
  }

  /// The name and path of each map, unread.
  func nameAndPath(_ pair: String, of option: String = "--maps") throws -> (name: String, path: String) {
    let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
    // The characters of names in the text form, where the name is the dial's.
    guard sides.count == 2,
      sides[0].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) })
    else {
      throw ValidationError(
        "\(option): expected NAME=FILE, NAME of a-z, A-Z, 0-9, `_`, `-` and `.`; found `\(pair)`")
    }
    return (sides[0], sides[1])
  }
}

extension MapSet.Check: ExpressibleByArgument {}
