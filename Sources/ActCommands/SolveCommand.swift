import ActFit
import ActFormats
import ActTerminal
import ArgumentParser

struct SolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve", abstract: "Fits a map to the samples that all shards of a round have collected.",
    usage: "actc solve [<options>] <shards> ... --output <file>",
    discussion: """
      Reads the files that `actc collect` wrote, one for each shard, and writes the map that `actc fit` would write.

      Examples:
        actc solve *.samples.safetensors -o football.maps.safetensors
        actc solve round2/*.samples.safetensors --after round1.maps.safetensors \\
          -o round2.maps.safetensors
      """)

  @Argument(
    help: "The sample files of all shards of the round.", completion: .file(extensions: ["safetensors"]))
  var shards: [String]
  @OptionGroup(title: "Fit") var method: MethodArguments
  @OptionGroup(title: "Resources") var resources: ResourceArguments
  @OptionGroup var earlier: EarlierRounds
  @OptionGroup var output: MapOutput

  func run() throws {
    let output = output.path
    let fitted = try earlier.map()
    let shards = try shards.map { try SampleFile(reading: $0) }
    let options = try method.options(
      resources.options, channels: shards[0].header.sites.map(\.width).max() ?? 0)
    try method.check(output: output)
    let bar = ProgressBar("solving")
    let started = ContinuousClock.now
    let file = try solve(
      shards, onto: fitted, options: options, progress: { bar.update($0.share, $0.site) }, note: note)
    bar.finish()
    try method.write(file, options, to: output, since: started)
    let round = shards[0].header.round
    if round.number < round.count {
      note("round \(round.number) of \(round.count) is fitted; go on with `actc collect --after \(output)`")
    }
  }
}
