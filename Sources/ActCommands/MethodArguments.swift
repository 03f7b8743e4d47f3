import ActFit
import ActFormats
import ActIR
import ActPasses
import ActTerminal
import ArgumentParser

/// How maps are fitted to samples.
struct MethodOptions: ParsableArguments {
  @Option(
    help: "The steering method; `actc methods` describes them.",
    completion: .list(MethodName.allValueStrings))
  var method = MethodName.standard
  @Option(
    help: ArgumentHelp(
      "Something to choose of the method; `actc methods METHOD` lists what there is. Repeat the option for several.",
      valueName: "name=value"))
  var option: [String] = []
  @Option(
    help: "Where the map applies: all, or between two percentiles of the source's samples, as in q0-100.",
    completion: .list(["all", "q0-100"]))
  var support = "all"

  func options(_ samples: SampleOptions) throws -> FitOptions {
    guard let support = Support(support) else {
      throw ValidationError("--support: expected all or qLOW-HIGH as in q0-100, found `\(support)`")
    }
    var options = FitOptions(method: method.method, settings: try settings)
    options.support = support
    options.samples = samples
    return options
  }

  /// What the method asks of the samples.
  var requirements: DataRequirements { method.method.requirements }

  func validate() throws {
    // Before anything runs: there is nothing to wait for.
    let method = method.method
    guard importedMethods.contains(where: { $0.name == method.name }) else { return }
    do {
      _ = try method.gathering.makeAccumulator(
        SiteChannels(width: 1), MethodSettings(defaultsOf: method)
      ).finish()
    } catch {
      throw ValidationError("--method: \(error)")
    }
  }

  private var settings: MethodSettings {
    get throws {
      var choices: [String: String] = [:]
      for pair in option {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
          String.init)
        guard sides.count == 2 else {
          throw ValidationError("--option: expected NAME=VALUE, found `\(pair)`")
        }
        guard choices.updateValue(sides[1], forKey: sides[0]) == nil else {
          throw ValidationError("--option: `\(sides[0])` is chosen twice")
        }
      }
      do { return try MethodSettings(method.method.options, choices) } catch {
        throw ValidationError("--option: \(method.method.name): \(error)")
      }
    }
  }
}

/// A known method as an argument.
struct MethodName: ExpressibleByArgument {
  let method: SteeringMethod

  static let standard = MethodName(method: linearAct)
  static var allValueStrings: [String] { KnownMethods.all.map(\.name) }

  var defaultValueDescription: String { method.name }
}

extension MethodName {
  init?(argument: String) {
    guard let method = KnownMethods.named(argument) else { return nil }
    self.method = method
  }
}

/// How a map file is fitted, and how the fit is reported.
struct MethodArguments: ParsableArguments {
  @OptionGroup var method: MethodOptions
  @Option(
    help: ArgumentHelp(
      "Write a plot of the distance from source to target by layer, as SVG.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var plot: String?
  @Flag(help: "Print the summary of the fit as JSON.") var json = false

  /// What the method asks of the samples.
  var requirements: DataRequirements { method.requirements }

  /// The options, with a report of at most `channels` channels at a time.
  func options(_ samples: SampleOptions, channels: Int) throws -> FitOptions {
    var options = try method.options(samples)
    options.report = FitReport(byteCount: min(256 << 20, (samples.memory ?? .max) / 8), channels: channels)
    return options
  }

  /// Finds out before long work whether its results can be written.
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
    var parts = [
      "\(file.fit.method.name)", "\(file.sites.count) sites",
      "\(summary.sourceCount) source and \(summary.targetCount) target samples",
    ]
    if !file.meanShiftChannels.isEmpty {
      let channels = file.sites.reduce(0) { $0 + $1.width }
      parts.append(
        "\(file.meanShiftChannels.values.reduce(0, +)) of \(channels) channels by mean shift alone")
    }
    parts.append("\(fixed((ContinuousClock.now - started).seconds, 1)) s")
    note("wrote \(output): \(parts.joined(separator: ", "))")
    if json { print(summary.json.pretty, terminator: "") } else { note(String(summary.text.dropLast())) }
  }
}
