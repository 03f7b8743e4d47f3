import ActFormats

/// Samples of both sides that say little, by what is wrong with them.
package enum DegenerateData: String, CaseIterable, CustomStringConvertible, Sendable {
  /// No channel of the source varies.
  case constantSource
  /// No channel of the target varies.
  case constantTarget
  /// No channel varies, and both sides have their own values.
  case constantSides
  /// One channel of both sides does not vary.
  case constantChannel
  /// All values of both sides are 0.
  case zeros
  /// One sample a side.
  case oneSample
  /// One sample a side, and it is the same.
  case oneSampleTwice
  /// Fewer samples than channels.
  case fewSamples
  /// Both sides have the same samples.
  case equalSides
  /// The sides are the same, in another order.
  case shuffledSides
  /// One sample of the source is far out.
  case sourceOutlier
  /// One sample of the target is far out.
  case targetOutlier
  /// All values are tiny.
  case tiny
  /// All values are huge.
  case huge
  /// Every value comes several times.
  case ties
  /// All channels are one.
  case equalChannels
  /// The sides are far apart and do not overlap.
  case farApart

  package var description: String { rawValue }

  /// How many heads the channels are, for methods that want heads.
  package static let heads = 3

  /// The channels.
  package var width: Int { self == .fewSamples ? 24 : 6 }

  /// The samples, a row each.
  package var sides: (source: [[Float]], target: [[Float]]) {
    var random = SplitMix64(state: 21)
    func samples(_ count: Int, _ range: ClosedRange<Float>) -> [[Float]] {
      (0..<count).map { _ in (0..<width).map { _ in .random(in: range, using: &random) } }
    }
    var source = samples(12, -1...2)
    var target = samples(12, 0...4)
    func constant(_ value: Float) -> [[Float]] {
      source.map { $0.indices.map { value + Float($0) } }
    }
    switch self {
    case .constantSource: source = constant(0.5)
    case .constantTarget: target = constant(-0.5)
    case .constantSides: (source, target) = (constant(0.5), constant(-0.5))
    case .constantChannel:
      for row in source.indices { (source[row][2], target[row][2]) = (1.5, 1.5) }
    case .zeros: (source, target) = (source.map { $0.map { _ in 0 } }, target.map { $0.map { _ in 0 } })
    case .oneSample: (source, target) = ([source[0]], [target[0]])
    case .oneSampleTwice: (source, target) = ([source[0]], [source[0]])
    case .fewSamples: (source, target) = (Array(source.prefix(3)), Array(target.prefix(3)))
    case .equalSides: target = source
    case .shuffledSides: target = source.reversed()
    case .sourceOutlier: source[3] = source[3].map { $0 * 1e15 }
    case .targetOutlier: target[3] = target[3].map { $0 * 1e15 }
    case .tiny:
      (source, target) = (source.map { $0.map { $0 * 1e-20 } }, target.map { $0.map { $0 * 1e-20 } })
    case .huge:
      (source, target) = (source.map { $0.map { $0 * 1e15 } }, target.map { $0.map { $0 * 1e15 } })
    case .ties:
      (source, target) = (source.map { $0.map { $0.rounded() } }, target.map { $0.map { $0.rounded() } })
    case .equalChannels:
      (source, target) = (
        source.map { row in row.map { _ in row[0] } }, target.map { row in row.map { _ in row[0] } }
      )
    case .farApart: target = target.map { $0.map { $0 + 1e6 } }
    }
    return (source, target)
  }
}
