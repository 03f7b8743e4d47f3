import ActCompile
import ActFormats
import ActTerminal
import ArgumentParser

/// Maps named on the command line.
struct MapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A map file and the name of its dial; may be repeated.", valueName: "name=file"))
  var maps: [String] = []

  @Option(help: ArgumentHelp("A check to skip: fingerprint.", valueName: "check"))
  var force: [String] = []

  func load(for model: Model) throws -> MapSet {
    var set = MapSet()
    let skipped = try force.map { name in
      guard let check = MapSet.Check(rawValue: name) else {
        throw ValidationError("--force: no check `\(name)`; checks: fingerprint")
      }
      return check
    }
    for pair in maps {
      let (name, path) = try nameAndPath(pair)
      try set.add(MapFile(reading: path), name: name, path: path, model: model, skipping: Set(skipped))
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
  func nameAndPath(_ pair: String) throws -> (name: String, path: String) {
    let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
    // The characters of names in the text form, where the name is the dial's.
    guard sides.count == 2,
      sides[0].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) })
    else {
      throw ValidationError(
        "--maps: expected NAME=FILE, NAME of a-z, A-Z, 0-9, `_`, `-` and `.`; found `\(pair)`")
    }
    return (sides[0], sides[1])
  }
}
