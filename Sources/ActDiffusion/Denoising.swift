/// Samples on their way from noise to images, each with a scheduler's run of its own.
///
/// What predicts is a closure: it is given the inputs of one call for some entries, and gives an output for each. An
/// entry's output must depend on its own input alone; then a sample is the same in every batch.
package struct Denoising {
  /// One call of the model.
  package struct Call {
    /// The index of the call in the run, by which strengths may change.
    package var index: Int
    /// What the model is told of the time.
    package var time: Double
    /// Of each entry, the sample that it belongs to, and whether it is told of the prompt, or of the negative one.
    package var entries: [(sample: Int, isConditional: Bool)]
    /// Of each entry, the sample as the model takes it.
    package var inputs: [[Float]]
  }

  /// How predictions with and without the prompt become one.
  package struct Guidance: Sendable {
    /// The prediction without the prompt moves so many times as far as to that with it (Ho and Salimans 2022).
    package var scale: Double
    /// Whether both are entries of one call, rather than of two.
    package var isBatched: Bool

    package init(scale: Double, isBatched: Bool = true) {
      self.scale = scale
      self.isBatched = isBatched
    }
  }

  private var runs: [any SchedulerRun]
  private let noise: [SampleNoise]
  private let guidance: Guidance?
  private var samples: [[Float]]

  /// - Parameters:
  ///   - run: the scheduler's, at its beginning.
  ///   - latents: normal noise, an array a sample.
  ///   - noise: what steps that add noise draw from, one a sample.
  ///   - guidance: nil for predictions with the prompt alone.
  package init(_ run: any SchedulerRun, latents: [[Float]], noise: [SampleNoise], guidance: Guidance? = nil) {
    precondition(latents.count == noise.count)
    runs = latents.map { _ in run }
    self.noise = noise
    self.guidance = guidance
    samples = latents.map { sample in sample.map { Float(Double($0) * run.initialScale) } }
  }

  /// Runs to the end.
  ///
  /// - Parameters:
  ///   - progress: receives how many calls of how many are done.
  ///   - predict: the model.
  /// - Returns: the samples.
  /// - Throws: what `predict` throws.
  package mutating func finish(
    progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }, predict: (Call) throws -> [[Float]]
  ) rethrows -> [[Float]] {
    for index in timesteps.indices {
      progress(index, timesteps.count)
      try advance(index, predict: predict)
    }
    progress(timesteps.count, timesteps.count)
    return samples
  }

  /// What the model is told of the time, a call each.
  package var timesteps: [Double] { runs.first?.timesteps ?? [] }

  /// The samples as the model takes them at a call, which is the next.
  package func inputs(at call: Int) -> [[Float]] {
    zip(runs, samples).map { run, sample in
      let scale = run.inputScale(at: call)
      return scale == 1 ? sample : sample.map { Float(Double($0) * scale) }
    }
  }

  /// Makes a call, and the step after it. Calls follow one another from 0.
  package mutating func advance(_ call: Int, predict: (Call) throws -> [[Float]]) rethrows {
    let outputs = try predictions(call, timesteps[call], inputs(at: call), predict)
    for sample in samples.indices {
      let drawn =
        runs[sample].takesNoise(at: call)
        ? noise[sample].draw(call + 1, count: samples[sample].count) : []
      samples[sample] = runs[sample].step(
        call, output: outputs[sample], sample: samples[sample], noise: drawn)
    }
  }

  /// An output a sample.
  private func predictions(
    _ index: Int, _ time: Double, _ inputs: [[Float]], _ predict: (Call) throws -> [[Float]]
  ) rethrows -> [[Float]] {
    func call(_ halves: [Bool]) throws -> [[Float]] {
      let entries = halves.flatMap { half in inputs.indices.map { (sample: $0, isConditional: half) } }
      let outputs = try predict(
        Call(index: index, time: time, entries: entries, inputs: entries.map { inputs[$0.sample] }))
      precondition(outputs.count == entries.count, "an output is missing")
      return outputs
    }
    guard let guidance else { return try call([true]) }
    let outputs = try guidance.isBatched ? call([false, true]) : call([false]) + call([true])
    return inputs.indices.map { sample in
      sum((1 - guidance.scale, outputs[sample]), (guidance.scale, outputs[inputs.count + sample]))
    }
  }
}
