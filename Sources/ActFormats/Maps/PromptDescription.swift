/// How prompts become samples of a network of a pipeline, as map files and sample files say it: the entry `prompts`,
/// JSON.
package struct PromptDescription: Hashable, Sendable {
  /// At which steps of which run samples of a denoiser are taken.
  package struct Run: Hashable, Sendable {
    /// The scheduler's class in diffusers.
    package var scheduler: String
    /// How many steps the run has.
    package var count: Int
    /// At which of its calls of the denoiser.
    package var steps: DenoisingSteps

    package init(scheduler: String, count: Int, steps: DenoisingSteps) {
      self.scheduler = scheduler
      self.count = count
      self.steps = steps
    }
  }

  /// How many phrases are appended to each prompt: the first of the file, and others drawn of the rest.
  package struct Appended: Hashable, Sendable {
    package var fixed: Int
    package var drawn: Int

    package init(fixed: Int = 0, drawn: Int = 1) {
      self.fixed = fixed
      self.drawn = drawn
    }
  }

  /// The class of the pipeline in diffusers.
  package var pipeline: String
  /// The network's name in it.
  package var component: String
  /// Of the noise and of what is drawn.
  package var seed: UInt64
  /// The size of the pictures, in pixels: `512x512`.
  package var size: String?
  /// nil for an encoder of texts, which runs once.
  package var run: Run?
  /// nil where nothing is appended.
  package var appended: Appended?

  package init(pipeline: String, component: String, seed: UInt64) {
    self.pipeline = pipeline
    self.component = component
    self.seed = seed
  }

  /// As files record it.
  package var json: JSON {
    var members: [JSON.Member] = [
      .init("pipeline", .string(pipeline)), .init("component", .string(component)),
    ]
    if let size { members.append(.init("size", .string(size))) }
    if let run {
      members += [
        .init("scheduler", .string(run.scheduler)), .init("run_steps", .int(run.count)),
        .init("steps", .string(run.steps.description)),
      ]
    }
    members.append(.init("seed", .number("\(seed)")))
    if let appended {
      members += [
        .init("append_fixed", .int(appended.fixed)), .init("append_drawn", .int(appended.drawn)),
      ]
    }
    return .object(members)
  }

  /// What ``json`` says; nil where it is none.
  package init?(_ json: JSON) {
    func count(_ key: String) -> Int? { json[key]?.int.flatMap { (0...1 << 20).contains($0) ? $0 : nil } }
    guard let pipeline = json["pipeline"]?.string, let component = json["component"]?.string,
      case .number(let seed)? = json["seed"], let seed = UInt64(seed)
    else { return nil }
    self.init(pipeline: pipeline, component: component, seed: seed)
    size = json["size"]?.string
    if json["steps"] != nil {
      guard let scheduler = json["scheduler"]?.string, let count = count("run_steps"),
        let steps = json["steps"]?.string.flatMap(DenoisingSteps.init)
      else { return nil }
      run = Run(scheduler: scheduler, count: count, steps: steps)
    }
    if json["append_fixed"] != nil {
      guard let fixed = count("append_fixed"), let drawn = count("append_drawn") else { return nil }
      appended = Appended(fixed: fixed, drawn: drawn)
    }
  }
}

extension PromptDescription: CustomStringConvertible {
  /// As `actc show` prints it.
  package var description: String {
    var parts = ["\(component) of \(pipeline)" + (size.map { " at \($0)" } ?? "")]
    if let run { parts.append("fitted at steps \(run.steps) of \(run.count) by \(run.scheduler)") }
    if let appended {
      parts.append("phrases appended: the first \(appended.fixed) and \(appended.drawn) drawn")
    }
    return parts.joined(separator: ", ") + ", seed \(seed)"
  }
}
