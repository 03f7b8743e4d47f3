/// The quantiles of many channels from a stream of rows, in bounded memory and with a bounded error of rank.
///
/// A ladder of compactors (as in Karnin, Lang and Liberty, arXiv 1603.05346, all of one size): values of level h stand
/// for 2^h samples each. A level that has `capacity` rows sorts each channel and hands every second value to the next
/// level, the odd and the even ones in turn rather than by a coin, so that the same rows give the same sketch. A
/// compaction at level h moves the rank of any value by 2^h at most, and level h is compacted once in capacity·2^h
/// samples: of n samples a rank is off by at most `n · levels / capacity`, levels being those compacted.
package struct QuantileSketch: Sendable {
  package let width: Int
  /// Rows of a level; even.
  package let capacity: Int
  package private(set) var count = 0
  /// The most by which the rank of a value is off, in samples.
  package private(set) var rankErrorBound = 0

  private struct Level: Sendable {
    /// Row-major, of which the channels of a row belong together at level 0 only.
    var values: [Float] = []
    var takesOdd = false
  }
  private var levels = [Level()]

  /// A sketch of `width` channels, whose levels hold `capacity` rows.
  package init(width: Int, capacity: Int) {
    self.width = width
    self.capacity = max(2, capacity + capacity % 2)
  }

  /// Bytes of a sketch of `count` rows at most.
  package static func byteCount(rows count: Int, width: Int, capacity: Int) -> Int {
    (levelCount(rows: count, capacity: capacity) + 1) * width * capacity * MemoryLayout<Float>.stride
  }

  /// How many levels are compacted for `count` rows.
  package static func levelCount(rows count: Int, capacity: Int) -> Int {
    var levels = 0
    while capacity << levels <= count { levels += 1 }
    return levels
  }

  /// Takes rows, row-major.
  package mutating func observe(_ rows: [Float], using loop: ConcurrentLoop = .serial) {
    var start = 0
    while start < rows.count {
      let room = capacity * width - levels[0].values.count
      let end = min(rows.count, start + room)
      levels[0].values += rows[start..<end]
      count += (end - start) / width
      start = end
      compact(using: loop)
    }
  }

  /// Adds the rows that another sketch of the same width and capacity has taken.
  package mutating func merge(_ other: QuantileSketch, using loop: ConcurrentLoop = .serial) {
    precondition(other.width == width && other.capacity == capacity)
    while levels.count < other.levels.count { levels.append(Level()) }
    for (index, level) in other.levels.enumerated() { levels[index].values += level.values }
    count += other.count
    rankErrorBound += other.rankErrorBound
    compact(using: loop)
  }

  /// Compacts every level that is full.
  private mutating func compact(using loop: ConcurrentLoop) {
    var index = 0
    while index < levels.count {
      while levels[index].values.count >= capacity * width {
        if index + 1 == levels.count { levels.append(Level()) }
        let kept = Self.everySecond(
          levels[index].values, width, capacity, odd: levels[index].takesOdd, using: loop)
        levels[index + 1].values += kept
        levels[index].values.removeFirst(capacity * width)
        levels[index].takesOdd.toggle()
        rankErrorBound += 1 << index
      }
      index += 1
    }
  }

  /// Every second of each channel's first `capacity` values in order: `[capacity, width] -> [capacity/2, width]`.
  private static func everySecond(
    _ values: [Float], _ width: Int, _ capacity: Int, odd: Bool, using loop: ConcurrentLoop
  ) -> [Float] {
    let block = 16
    return [Float](unsafeUninitializedCapacity: capacity / 2 * width) { out, initialized in
      let target = out
      values.withUnsafeBufferPointer { values in
        loop((width + block - 1) / block) { index in
          let channels = index * block..<min((index + 1) * block, width)
          let columns = UnsafeMutableBufferPointer<Float>.allocate(capacity: channels.count * capacity)
          defer { columns.deallocate() }
          for row in 0..<capacity {
            for (place, channel) in channels.enumerated() {
              columns[place * capacity + row] = values[row * width + channel]
            }
          }
          for (place, channel) in channels.enumerated() {
            var column = UnsafeMutableBufferPointer(
              rebasing: columns[place * capacity..<(place + 1) * capacity])
            column.sort()
            for row in 0..<capacity / 2 { target[row * width + channel] = column[2 * row + (odd ? 1 : 0)] }
          }
        }
      }
      initialized = capacity / 2 * width
    }
  }

  /// The samples of a channel in order, as the sketch knows them: `count` values, each as often as it stands for.
  package func sorted(_ channel: Int, into out: UnsafeMutableBufferPointer<Double>) {
    var kept: [(value: Float, weight: Int)] = []
    for (index, level) in levels.enumerated() {
      for place in stride(from: channel, to: level.values.count, by: width) {
        kept.append((level.values[place], 1 << index))
      }
    }
    kept.sort { $0.value < $1.value }
    var next = 0
    for (value, weight) in kept {
      for _ in 0..<weight {
        out[next] = Double(value)
        next += 1
      }
    }
  }

  /// How many rows it keeps.
  package var keptCount: Int { levels.reduce(0) { $0 + $1.values.count / width } }

  /// Whether all values are finite.
  package var isFinite: Bool { levels.allSatisfy { $0.values.allSatisfy(\.isFinite) } }
}
