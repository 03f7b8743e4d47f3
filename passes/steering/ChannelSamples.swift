/// Samples of both sides for methods that sort them: all of them, or a sketch of their quantiles.
public struct ChannelSamples: Sendable {
  /// One channel's samples of one side.
  public struct Channel {
    /// The samples in ascending order, as the sketch knows them where there is one. Valid while the channel is fitted.
    public var sorted: UnsafeMutableBufferPointer<Double>
    /// The mean of all samples; exact for a sketch too.
    public var mean: Double
    /// The variance, divided by the number of samples; exact for a sketch too.
    public var variance: Double
    /// The standard deviation divided by that of `sorted`; 1 where all samples are kept.
    public var spread = 1.0

    /// The number of samples.
    public var count: Int { sorted.count }
  }

  let width: Int
  private var sides: [Side: SideSamples]

  /// Samples of `width` channels; with a `capacity`, a sketch of that many rows a level.
  init(width: Int, capacity: Int? = nil) {
    self.width = width
    let empty = SideSamples(width: width, capacity: capacity)
    sides = [.source: empty, .target: empty]
  }

  mutating func observe(_ side: Side, _ samples: [Float], using loop: ConcurrentLoop = .serial) {
    sides[side]!.observe(samples, using: loop)
  }

  mutating func merge(_ other: ChannelSamples) throws {
    for side in Side.allCases { try sides[side]!.merge(other.sides[side]!) }
  }

  /// Channels that are gathered together, as many as a cache line holds.
  private static let blockWidth = 16

  /// Calls `body` with each channel and its samples on `sides`, spread over `loop`; `body` writes only what is the
  /// channel's own.
  func forEachChannel(
    _ wanted: [Side] = Side.allCases, using loop: ConcurrentLoop,
    _ body: (_ channel: Int, _ samples: [Side: Channel]) -> Void
  ) {
    loop((width + Self.blockWidth - 1) / Self.blockWidth) { block in
      let channels = block * Self.blockWidth..<min((block + 1) * Self.blockWidth, width)
      let gathered = Dictionary(uniqueKeysWithValues: wanted.map { ($0, sides[$0]!.gather(channels)) })
      for (index, channel) in channels.enumerated() {
        body(channel, gathered.mapValues { $0.channels[index] })
      }
      for values in gathered.values { values.block.deallocate() }
    }
  }

  func checkCounts() throws {
    for side in Side.allCases {
      if sides[side]!.count == 0 { throw FitError("no \(side.rawValue) samples") }
      if !sides[side]!.isFinite { throw FitError("an activation that is not finite") }
    }
  }
}

/// Samples of one side.
private struct SideSamples: Sendable {
  let width: Int
  private(set) var count = 0
  /// All samples, in the pieces in which they came; none where there is a sketch.
  private var pieces: [[Float]] = []
  private var sketch: QuantileSketch?
  /// Of each channel the first value, and the sums of the differences from it and of their squares; for a sketch.
  private var moments: [(origin: Double, sum: Double, squares: Double)] = []

  init(width: Int, capacity: Int?) {
    self.width = width
    sketch = capacity.map { QuantileSketch(width: width, capacity: $0) }
  }

  var isFinite: Bool { sketch?.isFinite ?? pieces.allSatisfy { $0.allSatisfy(\.isFinite) } }

  mutating func observe(_ samples: [Float], using loop: ConcurrentLoop) {
    guard !samples.isEmpty else { return }
    count += samples.count / width
    guard sketch != nil else {
      pieces.append(samples)
      return
    }
    sketch!.observe(samples, using: loop)
    if moments.isEmpty { moments = samples.prefix(width).map { (Double($0), 0, 0) } }
    for start in stride(from: 0, to: samples.count, by: width) {
      for channel in 0..<width {
        let difference = Double(samples[start + channel]) - moments[channel].origin
        moments[channel].sum += difference
        moments[channel].squares += difference * difference
      }
    }
  }

  mutating func merge(_ other: SideSamples) throws {
    count += other.count
    pieces += other.pieces
    switch (sketch != nil, other.sketch) {
    case (false, nil): break
    case (true, let theirs?) where theirs.capacity == sketch!.capacity:
      sketch!.merge(theirs)
      if moments.isEmpty { moments = other.moments.map { ($0.origin, 0, 0) } }
      for (channel, (origin, sum, squares)) in other.moments.enumerated() {
        // The other's differences, from this origin.
        let step = origin - moments[channel].origin
        moments[channel].squares += squares + 2 * step * sum + Double(other.count) * step * step
        moments[channel].sum += sum + Double(other.count) * step
      }
    default: throw FitError("accumulators of different accuracy")
    }
  }

  /// The samples of some channels; `block` is to be deallocated.
  func gather(
    _ channels: Range<Int>
  ) -> (channels: [ChannelSamples.Channel], block: UnsafeMutableBufferPointer<Double>) {
    let block = UnsafeMutableBufferPointer<Double>.allocate(capacity: channels.count * count)
    var row = 0
    for piece in pieces {
      piece.withUnsafeBufferPointer { piece in
        for start in stride(from: 0, to: piece.count, by: width) {
          for (index, channel) in channels.enumerated() {
            block[index * count + row] = Double(piece[start + channel])
          }
          row += 1
        }
      }
    }
    let gathered = channels.enumerated().map { index, channel in
      var values = UnsafeMutableBufferPointer(rebasing: block[index * count..<(index + 1) * count])
      guard let sketch else {
        let (center, variance) = (mean(values), populationVariance(values))
        values.sort()
        return ChannelSamples.Channel(sorted: values, mean: center, variance: variance)
      }
      sketch.sorted(channel, into: values)
      let (origin, sum, squares) = moments[channel]
      let shift = sum / Double(count)
      let variance = max(0, squares / Double(count) - shift * shift)
      let sketched = populationVariance(values)
      return ChannelSamples.Channel(
        sorted: values, mean: origin + shift, variance: variance,
        spread: sketched > 0 ? (variance / sketched).squareRoot() : 1)
    }
    return (gathered, block)
  }
}

/// Channels whose source samples vary no more take the mean shift: a slope from them would be noise.
public let varianceFloor = 1e-8

func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }

func populationVariance(_ values: some Collection<Double>) -> Double {
  let center = mean(values)
  return values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count)
}

/// Sorted samples read at level `(index + ½) / count`, by linear interpolation at position `level · n − ½`, clamped to
/// the ends; the samples themselves where `count` is their number.
func quantile(_ sorted: UnsafeMutableBufferPointer<Double>, _ index: Int, of count: Int) -> Double {
  if sorted.count == count { return sorted[index] }
  let level = (Double(index) + 0.5) / Double(count)
  let position = min(max(level * Double(sorted.count) - 0.5, 0), Double(sorted.count - 1))
  let below = Int(position)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}
