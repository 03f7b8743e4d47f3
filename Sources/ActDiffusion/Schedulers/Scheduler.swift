import ActErrors
import ActFormats

/// How a diffusion model's outputs become a sample, step by step: one of the classes that diffusers has for it.
///
/// A scheduler is what a `scheduler_config.json` says; a ``SchedulerRun`` is its way through one sample.
package protocol Scheduler: Sendable {
  /// The name of the class in diffusers.
  static var name: String { get }

  /// Reads the keys that the class has.
  ///
  /// - Throws: `FileError` for a value that is out of range, or that is not supported.
  init(_ configuration: SchedulerConfiguration) throws(FileError)

  /// The numbers of denoising steps that a run may have.
  var steps: ClosedRange<Int> { get }

  /// Whether a run may have an eta.
  var takesEta: Bool { get }

  /// Prepares a run of `options.steps` steps, which `steps` contains.
  ///
  /// - Throws: `SchedulerError` for options that do not go with the scheduler.
  func makeRun(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun
}

/// The way from noise to one sample: a call of the model at each of `timesteps`, and a step after each.
///
/// A run keeps what earlier calls gave, where its scheduler uses that: every sample of a batch has a run of its own.
package protocol SchedulerRun: Sendable {
  /// What the model is told of the time, a call each. There may be more calls than steps.
  var timesteps: [Double] { get }

  /// What normal noise is multiplied by to be the first sample.
  var initialScale: Double { get }

  /// What the sample is multiplied by to be the model's input at a call.
  func inputScale(at call: Int) -> Double

  /// Whether the step after a call adds noise.
  func takesNoise(at call: Int) -> Bool

  /// The sample after a call. Calls follow one another from 0, and all arrays have one size.
  ///
  /// - Parameters:
  ///   - call: the index of the call in `timesteps`.
  ///   - output: what the model gave.
  ///   - sample: the sample before the call, not scaled.
  ///   - noise: normal noise; empty where `takesNoise` says that none is taken.
  /// - Returns: the sample, of the next call or the last.
  mutating func step(_ call: Int, output: [Float], sample: [Float], noise: [Float]) -> [Float]
}

extension SchedulerRun {
  package func inputScale(at call: Int) -> Double { 1 }
  package func takesNoise(at call: Int) -> Bool { false }
}

/// What a run is asked for.
package struct SchedulerOptions: Sendable {
  /// The number of denoising steps.
  package var steps: Int
  /// How much of the noise that DDIM's step removes is drawn anew: 0 none, 1 as much as DDPM.
  package var eta = 0.0
  /// How many rows of an image the model reads, by which some schedules of flow matching are shifted.
  package var imageRows: Int?
  /// Where the sigmas of flow matching come from before they are shifted.
  package var flowSigmas = FlowSigmas.trained

  package init(steps: Int) { self.steps = steps }
}

/// The sigmas of flow matching before they are shifted.
package enum FlowSigmas: Sendable {
  /// From the largest to the smallest that the model was trained at.
  case trained
  /// 1, 1 − 1/n, … 1/n, as the pipelines of FLUX and Z-Image give them.
  case even
}

/// A run that a scheduler cannot make; exit code 2.
package struct SchedulerError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .usage }
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// Every scheduler, one line each.
private let schedulers: [any Scheduler.Type] = [
  DDIMScheduler.self,
  PNDMScheduler.self,
  EulerDiscreteScheduler.self,
  EulerAncestralDiscreteScheduler.self,
  DPMSolverMultistepScheduler.self,
  LCMScheduler.self,
  FlowMatchEulerDiscreteScheduler.self,
]

/// The names of all schedulers, as configurations have them.
package var schedulerNames: [String] { schedulers.map { $0.name } }

/// Reads a scheduler from the parsed `scheduler_config.json` at `path`.
///
/// - Parameters:
///   - configuration: the file.
///   - path: its path, for messages.
///   - name: a class that takes the place of the file's; the keys of the file that it does not have are ignored, as
///     `from_config` of diffusers ignores them.
/// - Returns: the scheduler.
/// - Throws: `FileError` for a class or a key that is not known, and for values that a class cannot have;
///   `SchedulerError` for a `name` that is not known.
package func readScheduler(_ configuration: JSON, path: String, replacedBy name: String? = nil) throws
  -> any Scheduler
{
  let names = schedulerNames
  let known = names.joined(separator: ", ")
  let own = configuration["_class_name"]?.string
  let type: any Scheduler.Type
  if let name {
    guard let found = schedulers.first(where: { $0.name == name }) else {
      let closest = name.prefix(256).description.closest(among: names)
      throw SchedulerError(
        "there is no scheduler `\(name)`\(closest.map { "; closest is `\($0)`" } ?? ""); known: \(known)")
    }
    type = found
  } else {
    guard let own else { throw FileError(path, "_class_name", "expected the name of a scheduler") }
    guard let found = schedulers.first(where: { $0.name == own }) else {
      throw FileError.unsupported(
        path, "_class_name", "the scheduler `\(own)` is not supported",
        next: "give another by --scheduler: \(known)")
    }
    type = found
  }
  let keys = SchedulerConfiguration(path: path, json: configuration)
  let scheduler = try type.init(keys)
  try keys.checkAllRead(by: type.name)
  return scheduler
}

extension Scheduler {
  package var takesEta: Bool { false }

  /// Prepares a run.
  ///
  /// - Throws: `SchedulerError` for options that do not go with the scheduler.
  package func run(_ options: SchedulerOptions) throws(SchedulerError) -> any SchedulerRun {
    guard steps.contains(options.steps) else {
      throw SchedulerError(
        "\(Self.name) takes from \(steps.lowerBound) to \(steps.upperBound) steps, found \(options.steps)")
    }
    guard options.eta == 0 || takesEta else { throw SchedulerError("\(Self.name) has no eta") }
    return try makeRun(options)
  }
}
