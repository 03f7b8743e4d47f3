import ActErrors
import ActFormats

/// A `scheduler_config.json`.
///
/// A key that no scheduler of diffusers has is an error; one that only other
/// classes have is ignored, as diffusers ignores it: a folder's file often began as another class's.
package struct SchedulerConfiguration: KeyedConfiguration {
  package let path: String
  package let json: JSON
  package let account = KeyAccount()

  package init(path: String, json: JSON) {
    self.path = path
    self.json = json
  }

  func count(_ key: String, in range: ClosedRange<Int>, default fallback: Int) throws(FileError) -> Int {
    guard let value = value(key) else { return fallback }
    guard let count = value.int, range.contains(count) else {
      throw failure(key, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return count
  }

  /// One of the cases of an enumeration, by its raw value.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, default fallback: Choice
  ) throws(FileError) -> Choice {
    guard let value = value(key) else { return fallback }
    guard let choice = value.string.flatMap(Choice.init) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      guard value.string != nil else { throw failure(key, "one of \(known)") }
      throw FileError.unsupported(
        path, key, "`\(value.string!.prefix(60))` is not supported", next: "known: \(known)")
    }
    return choice
  }

  /// Refuses a switch of the class that is not supported, where it is on.
  func refuse(_ key: String, _ reason: String) throws(FileError) {
    guard let value = value(key), value != .bool(false) else { return }
    throw FileError.unsupported(path, key, reason, next: "give another scheduler by --scheduler")
  }

  /// Checks that no key is left that no scheduler has.
  func checkAllRead(by name: String) throws(FileError) {
    for member in json.members ?? [] where !account.keys.contains(member.key) {
      guard !Self.others.contains(member.key) else { continue }
      let closest = member.key.prefix(256).description.closest(among: account.keys.sorted())
      throw FileError.unsupported(
        path, member.key, "expected a key that `\(name)` has, found \(member.value.description.prefix(60))",
        next: closest.map { "closest is `\($0)`" } ?? "remove it if it changes nothing")
    }
  }

  /// What some class of diffusers takes, or writes beside its keys.
  private static let others: Set<String> = [
    "_class_name", "_diffusers_version", "_use_default_values", "num_train_timesteps", "beta_start",
    "beta_end",
    "beta_schedule", "trained_betas", "clip_sample", "clip_sample_range", "set_alpha_to_one",
    "steps_offset",
    "prediction_type", "thresholding", "dynamic_thresholding_ratio", "sample_max_value", "timestep_spacing",
    "rescale_betas_zero_snr", "interpolation_type", "use_karras_sigmas", "use_exponential_sigmas",
    "use_beta_sigmas", "sigma_min", "sigma_max", "timestep_type", "final_sigmas_type", "solver_order",
    "algorithm_type", "solver_type", "lower_order_final", "euler_at_final", "use_lu_lambdas",
    "use_flow_sigmas",
    "flow_shift", "lambda_min_clipped", "variance_type", "use_dynamic_shifting", "time_shift_type",
    "original_inference_steps", "timestep_scaling", "shift", "base_shift", "max_shift", "base_image_seq_len",
    "max_image_seq_len", "invert_sigmas", "shift_terminal", "stochastic_sampling", "skip_prk_steps",
    "predict_x0", "disable_corrector", "solver_p", "predict_epsilon", "rho", "sigma_data",
    "noise_sampler_seed",
    "rescale_betas", "snr_shift_scale",
  ]
}
