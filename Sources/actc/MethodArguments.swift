import ActFit
import ActFormats
import ActPasses
import ActTerminal
import ArgumentParser

/// How maps are fitted to samples.
struct MethodOptions: ParsableArguments {
  @Option(help: "The method; see `actc methods`.") var method = "linear-act"
  @Option(help: "Where the map applies: all, or between quantiles of the source, as in q0-100.") var support =
    "all"

  func options(_ samples: SampleOptions) throws -> FitOptions {
    guard let method = registeredMethods.first(where: { $0.name == method }) else {
      let known = registeredMethods.map(\.name).joined(separator: ", ")
      throw ValidationError("--method: no method `\(method)`; methods: \(known)")
    }
    guard let support = Support(support) else {
      throw ValidationError("--support: expected all or qLOW-HIGH as in q0-100, found `\(support)`")
    }
    var options = FitOptions(method: method)
    options.support = support
    options.samples = samples
    return options
  }
}

/// How a map file is fitted, and how the fit is reported.
struct MethodArguments: ParsableArguments {
  @OptionGroup var method: MethodOptions
  @Option(help: "Write a plot of the distance from source to target by layer, as SVG.") var plot: String?
  @Flag(help: "Print the summary of the fit as JSON.") var json = false

  /// The options, with a report of at most `channels` channels at a time.
  func options(_ samples: SampleOptions, channels: Int) throws -> FitOptions {
    var options = try method.options(samples)
    options.report = FitReport(byteCount: min(256 << 20, (samples.memory ?? .max) / 8), channels: channels)
    return options
  }

  /// Finds out before long work whether what is asked for can be written.
  func check(output: String) throws {
    _ = try AtomicFile(output)
    if let plot { _ = try AtomicFile(plot) }
  }

  /// Writes a fitted map, and tells what was fitted since `started`.
  ///
  /// Nothing is printed before all files are as they should be, `finish` included: whoever reads may leave.
  func write(
    _ file: MapFile, _ options: FitOptions, to output: String, since started: ContinuousClock.Instant,
    finish: () throws -> Void = {}
  ) throws {
    try file.write(to: output)
    let summary = FitSummary(file, options)
    if let plot { try AtomicFile.write(summary.plot.svg, to: plot) }
    try finish()
    let gated = file.gatedChannels.values.reduce(0, +)
    let channels = file.sites.reduce(0) { $0 + $1.width }
    note(
      """
      wrote \(output): \(file.method), \(file.sites.count) sites, \(summary.sourceCount) source and \
      \(summary.targetCount) target samples, \(gated) of \(channels) channels by mean shift alone, \
      \(fixed((ContinuousClock.now - started).seconds, 1)) s
      """)
    if json { print(summary.json.pretty, terminator: "") } else { note(String(summary.text.dropLast())) }
  }
}
