import ActFormats

/// What a model's output means, where a sample is `alpha` of the image and `sigma` of normal noise.
enum Prediction: String, CaseIterable, Sendable {
  /// The noise.
  case epsilon
  /// The image.
  case sample
  /// `alpha` of the noise less `sigma` of the image (Salimans and Ho 2022).
  case velocity = "v_prediction"

  /// The image, as so much of the sample and so much of the output.
  func image(alpha: Double, sigma: Double) -> (sample: Double, output: Double) {
    switch self {
    case .epsilon: (1 / alpha, -sigma / alpha)
    case .sample: (0, 1)
    case .velocity: (alpha, -sigma)
    }
  }

  /// The noise, as so much of the sample and so much of the output.
  func noise(alpha: Double, sigma: Double) -> (sample: Double, output: Double) {
    switch self {
    case .epsilon: (0, 1)
    case .sample: (1 / sigma, -alpha / sigma)
    case .velocity: (sigma, alpha)
    }
  }
}

/// How a predicted image is held in range.
enum ImageBounds: Sendable {
  case none
  /// Values are cut to this and its negative.
  case clipped(Double)
  /// Values are cut to a quantile of their magnitudes, from 1 to a limit, and divided by it (Saharia and others 2022,
  /// section 2.3).
  case dynamic(quantile: Double, limit: Double)

  init(_ c: SchedulerConfiguration, clips: Bool?) throws(FileError) {
    let quantile = try c.number("dynamic_thresholding_ratio", in: 0...1, default: 0.995)
    let limit = try c.number("sample_max_value", in: 1...1e6, default: 1)
    if try c.flag("thresholding", default: false) {
      self = .dynamic(quantile: quantile, limit: limit)
      return
    }
    guard let clips, try c.flag("clip_sample", default: clips) else {
      self = .none
      return
    }
    self = .clipped(try c.number("clip_sample_range", in: 1e-6...1e6, default: 1))
  }

  func applied(to image: [Float]) -> [Float] {
    switch self {
    case .none: return image
    case .clipped(let bound):
      let bound = Float(bound)
      return image.map { min(max($0, -bound), bound) }
    case .dynamic(let quantile, let limit):
      let magnitudes = image.map(abs).sorted().map(Double.init)
      guard !magnitudes.isEmpty else { return image }
      let place = quantile * Double(magnitudes.count - 1)
      let bound = Float(min(max(magnitudes.interpolated(at: place), 1), limit))
      return image.map { min(max($0, -bound), bound) / bound }
    }
  }
}
