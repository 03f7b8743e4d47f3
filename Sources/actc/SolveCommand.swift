import ActFit
import ActFormats
import ActTerminal
import ArgumentParser

struct SolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve", abstract: "Fits a map to the samples that all shards of a round have collected.",
    discussion: """
      Examples:
        actc solve *.samples.safetensors -o football.maps.safetensors
        actc solve round2/*.samples.safetensors --after round1.maps.safetensors -o round2.maps.safetensors
      """)

  @Argument(help: "The sample files of all shards, of `actc collect`.") var shards: [String]
  @OptionGroup(title: "Fit") var method: MethodArguments
  @OptionGroup(title: "Resources") var resources: ResourceArguments
  @Option(help: "The map file of the earlier rounds, the same as for `actc collect`.") var after: String?
  @Option(name: .shortAndLong, help: "The map file to write.") var output: String

  func run() throws {
    let fitted = try after.map { try MapFile(reading: $0) }
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
