import ActCompile
import ActFormats
import ActIR
import ActTerminal
import ActText
import ArgumentParser

/// What of maps' scores goes into a plan.
struct ConditionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Return the score of each token by a map of --maps, or by a map file that is not inserted; conditions on a prompt need it. Repeat the option for several.",
      valueName: "name[=file]"),
    completion: .file(extensions: ["safetensors"]))
  var score: [String] = []
  @Option(
    help: ArgumentHelp(
      "Score tokens at those of the map file's sites that match a pattern; by default at all, whose mean it is.",
      valueName: "name=pattern"))
  var scoreAt: [String] = []
  @Option(
    help: ArgumentHelp(
      "Let conditions on each token gate a map by a score, as in `when cos(SCORE) > 0.3`.",
      valueName: "map=score"))
  var gate: [String] = []

  /// Adds the scores and gates to `maps`; `files` are the map files by the names of `--maps`.
  func add(to maps: inout MapSet, _ options: MapOptions, for model: Model) throws {
    let paths = Dictionary(try options.maps.map { try options.nameAndPath($0) }, uniquingKeysWith: { $1 })
    let gates = try gate.map { pair in
      let (map, score) = try Self.sides(pair, "--gate", "MAP=SCORE")
      return Gate(map: map, score: score)
    }
    var returned: [String: String?] = [:]
    for text in score {
      let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
      let name = sides.first ?? ""
      guard !name.isEmpty, text.contains("=") == (sides.count == 2) else {
        throw ValidationError("--score: expected NAME or NAME=FILE, found `\(text)`")
      }
      if sides.count == 2 { _ = try options.nameAndPath(text, of: "--score") }
      guard returned.updateValue(sides.count == 2 ? sides[1] : nil, forKey: name) == nil else {
        throw ValidationError("--score: `\(name)` given twice")
      }
    }
    var patterns: [String: [String]] = [:]
    for pair in scoreAt {
      let (name, pattern) = try Self.sides(pair, "--score-at", "NAME=PATTERN")
      patterns[name, default: []].append(pattern)
    }
    let names = (score.compactMap { $0.split(separator: "=").first.map(String.init) } + gates.map(\.score))
      .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    if let name = patterns.keys.sorted().first(where: { !names.contains($0) }) {
      throw ValidationError("--score-at: no score `\(name)`; --score and --gate name them")
    }
    for name in names {
      guard let path = (returned[name] ?? nil) ?? paths[name] else {
        throw ValidationError(
          "no map file for the score `\(name)`: expected --score \(name)=FILE, or a map of that name")
      }
      let file = try MapFile(reading: path)
      let sites = try patterns[name].map { patterns in
        try SitePattern.choose(
          patterns, from: file.sites.map(\.name), unmatched: "matches no site of \(path)")
      }
      try maps.add(
        scoreOf: file, name: name, path: path, model: model, at: sites,
        isReturned: returned.keys.contains(name),
        skipping: Set(options.force))
    }
    for gate in gates { try maps.add(gate) }
  }

  private static func sides(
    _ pair: String, _ option: String, _ expected: String
  ) throws -> (String, String) {
    let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
    guard sides.count == 2 else { throw ValidationError("\(option): expected \(expected), found `\(pair)`") }
    return (sides[0], sides[1])
  }
}
