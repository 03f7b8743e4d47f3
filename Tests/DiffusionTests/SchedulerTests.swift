import ActDiffusion
import ActErrors
import ActFormats
import Glibc
import Testing

/// Schedulers against what `diffusers` computes (`Scripts/make-scheduler-fixtures.py`).
@Suite struct SchedulerTests {
  @Test(arguments: ScheduledRun.all)
  func equalsDiffusers(recorded: ScheduledRun) throws {
    let scheduler = try readScheduler(recorded.configuration, path: recorded.description)
    var run = try scheduler.run(recorded.options)
    let timesteps = try recorded.values("timesteps")
    #expect(run.timesteps.count == timesteps.count)
    for (time, expected) in zip(run.timesteps, timesteps) {
      #expect(abs(time - expected) <= 1e-4 * max(1, expected))
    }
    let scale = try recorded.values("scale")[0]
    #expect(abs(run.initialScale - scale) <= 1e-5 * scale)

    let samples = try recorded.rows("samples")
    let inputs = try recorded.rows("inputs")
    var noise = try recorded.noise()[...]
    var sample = samples[0]
    // diffusers rounds to f32 what it subtracts; a run that begins at sigma 4096 keeps few digits of it.
    let rounding = 0x1p-22 * samples[0].largest
    for call in run.timesteps.indices {
      let input = sample.map { Float(Double($0) * run.inputScale(at: call)) }
      expect(input, inputs[call], rounding, "input of call \(call)")
      // diffusers draws noise for steps that multiply it by zero, too.
      let drawn = noise.popFirst() ?? []
      let output = input.indices.map {
        Float(0.6 * Double(input[$0]) * cos(run.timesteps[call] / 300) + 0.1 * Double($0 - 3))
      }
      let takes = run.takesNoise(at: call)
      #expect(!takes || !drawn.isEmpty)
      sample = run.step(call, output: output, sample: sample, noise: takes ? drawn : [])
      expect(sample, samples[call + 1], rounding, "sample after call \(call)")
    }
    #expect(noise.isEmpty)
  }

  private func expect(_ found: [Float], _ expected: [Float], _ rounding: Double, _ what: String) {
    let difference = zip(found, expected).map { $0 - $1 }.largest
    #expect(difference <= 1e-5 * expected.largest + rounding, "\(what): \(difference / expected.largest)")
  }

  /// All schedulers are recorded, and every case has runs.
  @Test func allAreRecorded() {
    #expect(Set(ScheduledRun.all.map(\.scheduler)) == Set(schedulerNames))
  }

  /// A run is a value: another sample's steps change nothing.
  @Test func runsAreApart() throws {
    let json: JSON = .object(["_class_name": .string("DPMSolverMultistepScheduler")])
    let run = try readScheduler(json, path: "s").run(SchedulerOptions(steps: 3))
    func samples(disturbed: Bool) -> [[Float]] {
      var (run, other) = (run, run)
      var sample: [Float] = [1, -2]
      return run.timesteps.indices.map { call in
        if disturbed { _ = other.step(call, output: [9, 9], sample: [5, 5], noise: []) }
        sample = run.step(call, output: [0.1, 0.2], sample: sample, noise: [])
        return sample
      }
    }
    #expect(samples(disturbed: true) == samples(disturbed: false))
  }

  // MARK: Errors

  @Test(arguments: [
    (#"{}"#, "s: _class_name: expected the name of a scheduler", ActErrors.ExitStatus.badFile),
    (
      #"{"_class_name": "HeunDiscreteScheduler"}"#,
      "s: _class_name: the scheduler `HeunDiscreteScheduler` is not supported; give another by --scheduler: "
        + schedulerNames.joined(separator: ", "), .notSupported
    ),
    (
      #"{"_class_name": "DDIMScheduler", "beta_start": 0}"#,
      "s: beta_start: expected a number from 1e-09 to 0.9999, found 0", .badFile
    ),
    (
      #"{"_class_name": "DDIMScheduler", "beta_schedule": "sigmoid"}"#,
      "s: beta_schedule: `sigmoid` is not supported; known: linear, scaled_linear, squaredcos_cap_v2",
      .notSupported
    ),
    (
      #"{"_class_name": "DDIMScheduler", "trained_betas": [0.1]}"#,
      "s: trained_betas: expected a list of 1000 numbers, found [0.1]", .badFile
    ),
    (
      #"{"_class_name": "DDIMScheduler", "clip_sampel": true}"#,
      "s: clip_sampel: expected a key that `DDIMScheduler` has, found true; closest is `clip_sample`",
      .notSupported
    ),
    (
      #"{"_class_name": "DDIMScheduler", "num_train_timesteps": 1e300}"#,
      "s: num_train_timesteps: expected an integer from 1 to 100000, found 1e300", .badFile
    ),
    (
      #"{"_class_name": "DDIMScheduler", "thresholding": 1}"#,
      "s: thresholding: expected true or false, found 1",
      .badFile
    ),
    (
      #"{"_class_name": "EulerAncestralDiscreteScheduler", "prediction_type": "sample"}"#,
      "s: prediction_type: `sample` is not supported with EulerAncestralDiscreteScheduler; give another scheduler by "
        + "--scheduler", .notSupported
    ),
    (
      #"{"_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true}"#,
      "s: use_beta_sigmas: sigmas by quantiles of a beta distribution are not supported; give another scheduler by "
        + "--scheduler", .notSupported
    ),
    (
      #"{"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true, "use_exponential_sigmas": true}"#,
      "s: use_exponential_sigmas: expected one spacing of sigmas, found Karras's too", .badFile
    ),
    (
      #"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"}"#,
      "s: final_sigmas_type: expected `sigma_min` with `dpmsolver`, found `zero`", .badFile
    ),
    (
      #"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3}"#,
      "s: solver_order: order 3 is not supported; set it to 2, or give another scheduler", .notSupported
    ),
  ])
  func configurationErrors(text: String, message: String, status: ActErrors.ExitStatus) throws {
    let error = try #require(throws: (any Error).self) {
      try readScheduler(JSON(parsing: text), path: "s")
    }
    #expect((error as? any ToolError)?.description == message)
    #expect((error as? any ToolError)?.exitStatus == status)
  }

  @Test(arguments: [
    (#"{"_class_name": "DDIMScheduler"}"#, 0, "DDIMScheduler takes from 1 to 1000 steps, found 0"),
    (#"{"_class_name": "DDIMScheduler"}"#, 1001, "DDIMScheduler takes from 1 to 1000 steps, found 1001"),
    (#"{"_class_name": "LCMScheduler"}"#, 51, "LCMScheduler takes from 1 to 50 steps, found 51"),
    (#"{"_class_name": "PNDMScheduler"}"#, 3, "PNDMScheduler takes from 4 to 1000 steps, found 3"),
    (
      #"{"_class_name": "DDIMScheduler", "steps_offset": 1}"#, 1000,
      "DDIMScheduler at 1000 steps would visit time 1000 of 1000: give other steps"
    ),
    (
      #"{"_class_name": "PNDMScheduler", "steps_offset": 100}"#, 20,
      "PNDMScheduler at 20 steps would visit time 1050 of 1000: give other steps"
    ),
    (
      #"{"_class_name": "DPMSolverMultistepScheduler"}"#, 1000,
      "DPMSolverMultistepScheduler at 1000 steps would visit a time twice: give fewer steps"
    ),
    (
      #"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": 1000}"#, 10,
      "DPMSolverMultistepScheduler has no time left above its lambda_min_clipped"
    ),
    (
      #"{"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": true}"#, 4,
      "the sigmas are shifted by the size of the image, which this model does not say"
    ),
    (
      #"{"_class_name": "FlowMatchEulerDiscreteScheduler", "shift_terminal": 0.1}"#, 1,
      "shift_terminal takes at least 2 steps, found 1"
    ),
    (
      #"{"_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true, "timestep_spacing": "trailing"}"#, 4,
      "DDIMScheduler begins at a time without signal, where a model that predicts noise says nothing: "
        + "rescale_betas_zero_snr goes with v_prediction or sample"
    ),
  ])
  func optionErrors(text: String, steps: Int, message: String) throws {
    let scheduler = try readScheduler(JSON(parsing: text), path: "s")
    let error = #expect(throws: SchedulerError.self) { try scheduler.run(SchedulerOptions(steps: steps)) }
    #expect(error?.description == message)
    #expect(error?.exitStatus == .usage)
  }

  @Test func etaIsOfDDIM() throws {
    var options = SchedulerOptions(steps: 4)
    options.eta = 0.5
    for name in schedulerNames {
      let scheduler = try readScheduler(.object(["_class_name": .string(name)]), path: "s")
      if name == "DDIMScheduler" {
        #expect(throws: Never.self) { try scheduler.run(options) }
      } else {
        let error = #expect(throws: SchedulerError.self) { try scheduler.run(options) }
        #expect(error?.description == "\(name) has no eta")
      }
    }
    options.eta = 1.5
    #expect(throws: SchedulerError.self) {
      try readScheduler(.object(["_class_name": .string("DDIMScheduler")]), path: "s").run(options)
    }
  }

  /// Another class reads the same file, and ignores what it does not have.
  @Test func replaces() throws {
    let json = try JSON(
      parsing: #"""
        {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
        "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
        "steps_offset": 1, "trained_betas": null, "clip_sample": false}
        """#)
    for name in schedulerNames {
      let run = try readScheduler(json, path: "s", replacedBy: name).run(SchedulerOptions(steps: 4))
      #expect(run.timesteps.count == (name == "PNDMScheduler" ? 5 : 4))
    }
    let error = #expect(throws: SchedulerError.self) {
      try readScheduler(json, path: "s", replacedBy: "EulerScheduler")
    }
    #expect(
      error?.description.hasPrefix("there is no scheduler `EulerScheduler`; known: DDIMScheduler, ") == true)
  }

  /// Python writes infinities into its JSON, and DPM-Solver's default is one.
  @Test func infinity() throws {
    let text = #"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity}"#
    let json = try JSON(parsing: Array(text.utf8), takesNonFinite: true)
    #expect(throws: Never.self) { try readScheduler(json, path: "s") }
    #expect(json["lambda_min_clipped"]?.double == -.infinity)
    #expect(throws: JSONError.self) { try JSON(parsing: text) }
    let other = try JSON(
      parsing: Array(#"{"_class_name": "DDIMScheduler", "beta_end": NaN}"#.utf8), takesNonFinite: true)
    #expect(throws: FileError.self) { try readScheduler(other, path: "s") }
  }
}

extension [Float] {
  /// The largest magnitude.
  fileprivate var largest: Double { Double(reduce(0) { Swift.max($0, abs($1)) }) }
}
