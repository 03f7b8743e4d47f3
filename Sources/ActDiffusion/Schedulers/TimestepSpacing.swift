import ActFormats

/// Which times of training a run of fewer steps visits (Lin and others 2024, table 2).
enum TimestepSpacing: String, CaseIterable, Sendable {
  /// Multiples of a whole number from 0, which leave out the noisiest times.
  case leading
  /// From the last time down in equal steps, which leave out the first.
  case trailing
  /// From the first to the last time.
  case linspace
}

/// `timestep_spacing` and `steps_offset`.
struct Timesteps: Sendable {
  var spacing: TimestepSpacing
  /// What is added to times with leading spacing.
  var offset: Int

  init(_ c: SchedulerConfiguration, default spacing: TimestepSpacing) throws(FileError) {
    self.spacing = try c.choice("timestep_spacing", default: spacing)
    offset = try c.count("steps_offset", in: 0...100_000, default: 0)
  }

  /// So many times out of `count`, the noisiest first. With linspace they are no whole numbers unless `rounded`.
  func of(_ count: Int, steps: Int, rounded: Bool) -> [Double] {
    switch spacing {
    case .linspace:
      let times = ActDiffusion.linspace(0, Double(count - 1), steps).reversed()
      return times.map { rounded ? $0.roundedToEven : $0.single }
    case .leading:
      let ratio = count / steps
      return (0..<steps).reversed().map { Double($0 * ratio + offset) }
    case .trailing:
      return descending(from: Double(count), by: Double(count) / Double(steps), atMost: steps)
        .map { $0.roundedToEven - 1 }
    }
  }
}

extension Sequence<Double> {
  /// The times as indices of a schedule of `count` times.
  ///
  /// - Throws: `SchedulerError` where one lies outside.
  func indices(below count: Int, for name: String, steps: Int) throws(SchedulerError) -> [Int] {
    var indices: [Int] = []
    for time in self {
      guard (0..<Double(count)).contains(time) else {
        throw SchedulerError(
          "\(name) at \(steps) steps would visit time \(Int(time)) of \(count): give other steps")
      }
      indices.append(Int(time))
    }
    return indices
  }
}
