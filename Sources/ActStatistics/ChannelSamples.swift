/// Samples of many channels for statistics that sort them: all of them, or a sketch of their quantiles.
public struct ChannelSamples: Sendable {
  /// The samples of one channel.
  public struct Channel {
    /// The samples in ascending order, as the sketch knows them where there is one. Valid while the channel is visited.
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

  package let width: Int
  package private(set) var count = 0
  /// All samples, in the pieces in which they came; none where there is a sketch.
  private var pieces: [[Float]] = []
  private var sketch: QuantileSketch?
  /// Of each channel the first value, and the sums of the differences from it and of their squares; for a sketch.
  private var moments: [(origin: Double, sum: Double, squares: Double)] = []

  /// Samples of `width` channels; with a `capacity`, a sketch of that many rows a level.
  package init(width: Int, capacity: Int? = nil) {
    self.width = width
    sketch = capacity.map { QuantileSketch(width: width, capacity: $0) }
  }

  /// Rows of a level of the sketch; nil where all samples are kept.
  package var capacity: Int? { sketch?.capacity }

  package var isFinite: Bool { sketch?.isFinite ?? pieces.allSatisfy { $0.allSatisfy(\.isFinite) } }

  /// Takes samples, row-major.
  package mutating func observe(_ samples: [Float], using loop: ConcurrentLoop = .serial) {
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

  /// Adds the samples of another of the same width and capacity; they follow this one's.
  package mutating func merge(_ other: ChannelSamples) {
    precondition(other.width == width && other.capacity == capacity)
    count += other.count
    pieces += other.pieces
    guard let theirs = other.sketch else { return }
    sketch!.merge(theirs)
    if moments.isEmpty { moments = other.moments.map { ($0.origin, 0, 0) } }
    for (channel, (origin, sum, squares)) in other.moments.enumerated() {
      // The other's differences, from this origin.
      let step = origin - moments[channel].origin
      moments[channel].squares += squares + 2 * step * sum + Double(other.count) * step * step
      moments[channel].sum += sum + Double(other.count) * step
    }
  }

  /// Channels that are gathered together, as many as a cache line holds.
  private static let blockWidth = 16

  /// Calls `body` with each channel and what every one of `sets`, all of one width, has of it, spread over `loop`; `body`
  /// writes only what is the channel's own.
  package static func forEachChannel(
    of sets: ChannelSamples..., using loop: ConcurrentLoop,
    _ body: (_ channel: Int, _ samples: [Channel]) -> Void
  ) {
    let width = sets[0].width
    precondition(sets.allSatisfy { $0.width == width })
    loop((width + blockWidth - 1) / blockWidth) { block in
      let channels = block * blockWidth..<min((block + 1) * blockWidth, width)
      let gathered = sets.map { $0.gather(channels) }
      for (index, channel) in channels.enumerated() { body(channel, gathered.map { $0.channels[index] }) }
      for values in gathered { values.block.deallocate() }
    }
  }

  /// The samples of some channels; `block` is to be deallocated.
  private func gather(
    _ channels: Range<Int>
  ) -> (channels: [Channel], block: UnsafeMutableBufferPointer<Double>) {
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
        let (center, variance) = (ActStatistics.mean(values), populationVariance(values))
        values.sort()
        return Channel(sorted: values, mean: center, variance: variance)
      }
      sketch.sorted(channel, into: values)
      let (origin, sum, squares) = moments[channel]
      let shift = sum / Double(count)
      let variance = max(0, squares / Double(count) - shift * shift)
      let sketched = populationVariance(values)
      return Channel(
        sorted: values, mean: origin + shift, variance: variance,
        spread: sketched > 0 ? (variance / sketched).squareRoot() : 1)
    }
    return (gathered, block)
  }
}
