/// Samples of both sides, kept in memory for methods that sort them.
struct ChannelSamples: Sendable {
  let width: Int
  /// In the pieces in which they came.
  private var pieces: [Side: [[Float]]] = [.source: [], .target: []]
  private var counts: [Side: Int] = [.source: 0, .target: 0]

  init(width: Int) { self.width = width }

  mutating func observe(_ side: Side, _ samples: [Float]) {
    pieces[side]!.append(samples)
    counts[side]! += samples.count / width
  }

  mutating func merge(_ other: ChannelSamples) {
    for side in Side.allCases {
      pieces[side]! += other.pieces[side]!
      counts[side]! += other.counts[side]!
    }
  }

  /// Channels that are gathered together, as many as a cache line holds.
  static let blockWidth = 16

  /// Calls `body` for each channel of block `block` with its samples, in the order in which they came; `body` may sort
  /// them in place.
  func forEachChannel(
    ofBlock block: Int, _ sides: [Side] = Side.allCases,
    _ body: (_ channel: Int, _ samples: [Side: UnsafeMutableBufferPointer<Double>]) -> Void
  ) {
    let channels = block * Self.blockWidth..<min((block + 1) * Self.blockWidth, width)
    var gathered: [Side: UnsafeMutableBufferPointer<Double>] = [:]
    for side in sides {
      let count = counts[side]!
      let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: channels.count * count)
      var row = 0
      for piece in pieces[side]! {
        piece.withUnsafeBufferPointer { piece in
          for start in stride(from: 0, to: piece.count, by: width) {
            for (index, channel) in channels.enumerated() {
              values[index * count + row] = Double(piece[start + channel])
            }
            row += 1
          }
        }
      }
      gathered[side] = values
    }
    for (index, channel) in channels.enumerated() {
      body(
        channel,
        gathered.mapValues { values in
          let count = values.count / channels.count
          return UnsafeMutableBufferPointer(rebasing: values[index * count..<(index + 1) * count])
        })
    }
    for values in gathered.values { values.deallocate() }
  }

  /// How many blocks of channels there are.
  var blockCount: Int { (width + Self.blockWidth - 1) / Self.blockWidth }

  func checkCounts() throws {
    for side in Side.allCases {
      if counts[side]! == 0 { throw FitError("no \(side.rawValue) samples") }
      if !pieces[side]!.allSatisfy({ $0.allSatisfy(\.isFinite) }) {
        throw FitError("an activation that is not finite")
      }
    }
  }
}

/// Channels whose source samples vary less take the mean shift: a slope from them would be noise.
let varianceFloor = 1e-8

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
