import ActKernels
import Testing

/// The keys and values of some sequences for one layer, as the kernels lay them out.
final class CacheMemory {
  let storage: Storage
  let kvHeads: Int
  let width: Int
  /// The blocks of each sequence's ring; 0: none.
  let ring: Int
  let keys, values: [Guarded<UInt8>]
  let keyAddresses, valueAddresses: Guarded<UnsafeMutableRawPointer?>

  /// Room for `capacities[s]` positions of sequence `s`, or for those of a ring of blocks, and not a byte more; NaN
  /// where nothing is written.
  init(_ storage: Storage, capacities: [Int], kvHeads: Int, width: Int, ring: Int = 0) {
    (self.storage, self.kvHeads, self.width, self.ring) = (storage, kvHeads, width, ring)
    func blocks() -> [Guarded<UInt8>] {
      capacities.map { capacity in
        let kept = ring > 0 ? min(capacity, ring * 64) : capacity
        return Guarded(
          repeating: 0xff,
          count: act_cache_bytes(storage.rawValue, Int64(kept), Int32(kvHeads), Int32(width)))
      }
    }
    keys = blocks()
    values = blocks()
    keyAddresses = Guarded(keys.map { UnsafeMutableRawPointer($0.pointer) })
    valueAddresses = Guarded(values.map { UnsafeMutableRawPointer($0.pointer) })
  }

  /// Appends rows `[kvHeads * width]` of keys and values, one for each place.
  func append(
    _ level: Level, k: [Float], v: [Float], at places: [(sequence: Int, position: Int)], workers: Int = 1
  ) {
    let (k, v) = (Guarded(k), Guarded(v))
    let sequences = Guarded(places.map { Int32($0.sequence) })
    let positions = Guarded(places.map { Int32($0.position) })
    let args = act_cache_append_args(
      k: k.pointer, v: v.pointer, k_row_stride: kvHeads * width, v_row_stride: kvHeads * width,
      keys: keyAddresses.pointer, values: valueAddresses.pointer, entries: sequences.pointer,
      positions: positions.pointer, rows: Int32(places.count), kv_heads: Int32(kvHeads),
      head_width: Int32(width), cache_dtype: storage.rawValue, ring: Int32(ring))
    call(level.kernels.cache_append, args, keeping: [self, k, v, sequences, positions], workers: workers)
  }

  /// A cached key, read as the kernels' contract says that it lies.
  func key(_ sequence: Int, position: Int, head: Int, channel: Int) -> Float {
    let index = (block(of: position) * kvHeads + head) * 64 * padded
    let (channels, place) = (storage == .bf16 ? 2 : 1, position % 64)
    return element(
      keys[sequence], index + channel / channels * channels * 64 + place * channels + channel % channels)
  }

  /// A cached value, likewise.
  func value(_ sequence: Int, position: Int, head: Int, channel: Int) -> Float {
    let index = (block(of: position) * kvHeads + head) * 64 * padded
    let (positions, place) = (storage == .bf16 ? 2 : 1, position % 64)
    return element(
      values[sequence],
      index + place / positions * positions * padded + channel * positions + place % positions)
  }

  private func block(of position: Int) -> Int { ring > 0 ? position / 64 % ring : position / 64 }

  private var padded: Int { (width + 15) / 16 * 16 }

  private func element(_ block: Guarded<UInt8>, _ index: Int) -> Float {
    let bytes = UnsafeRawPointer(block.pointer)
    return storage == .bf16
      ? Float(bitPattern: UInt32(bytes.load(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
      : bytes.load(fromByteOffset: 4 * index, as: Float.self)
  }
}

extension Storage {
  /// What a cache may hold.
  static let caches: [Storage] = [.f32, .bf16]

  /// A float as a cache of this type holds it: bf16 rounds to nearest, ties to even.
  func cached(_ x: Float) -> Float {
    guard self == .bf16 else { return x }
    let bits = x.bitPattern
    return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
  }
}

@Suite struct CacheTests {
  @Test(arguments: Level.all, Storage.caches)
  func takesEachRowAtItsPlace(level: Level, storage: Storage) {
    for (kvHeads, width) in [(2, 7), (3, 64), (1, 33)] {
      var noise = Noise(width)
      let cache = CacheMemory(storage, capacities: [140, 3], kvHeads: kvHeads, width: width)
      let places: [(sequence: Int, position: Int)] = [(0, 139), (1, 0), (1, 1), (0, 3), (0, 2), (0, 64)]
      let k = noise.floats(places.count * kvHeads * width)
      let v = noise.floats(places.count * kvHeads * width)
      cache.append(level, k: k, v: v, at: places, workers: 3)
      func check(at row: Int) -> Bool {
        let (sequence, position) = places[row]
        return (0..<kvHeads * width).allSatisfy { column in
          let (head, channel) = (column / width, column % width)
          return cache.key(sequence, position: position, head: head, channel: channel)
            == storage.cached(k[row * kvHeads * width + column])
            && cache.value(sequence, position: position, head: head, channel: channel)
              == storage.cached(v[row * kvHeads * width + column])
        }
      }
      for row in places.indices { #expect(check(at: row), "row \(row) of width \(width)") }
      // Positions beside those that were written, in the same words and out of them.
      for (sequence, position) in [(0, 138), (0, 1), (0, 4), (0, 65), (1, 2)] {
        for head in 0..<kvHeads {
          for channel in 0..<width {
            #expect(cache.key(sequence, position: position, head: head, channel: channel).isNaN)
            #expect(cache.value(sequence, position: position, head: head, channel: channel).isNaN)
          }
        }
      }
    }
  }

  /// One row at a time, in any order, leaves the same bytes as all rows at once.
  @Test(arguments: Level.all, Storage.caches)
  func orderOfAppendsDoesNotMatter(level: Level, storage: Storage) {
    let (kvHeads, width, count) = (2, 24, 70)
    var noise = Noise(5)
    let row = kvHeads * width
    let (k, v) = (noise.floats(count * row), noise.floats(count * row))
    let whole = CacheMemory(storage, capacities: [count], kvHeads: kvHeads, width: width)
    whole.append(level, k: k, v: v, at: (0..<count).map { (0, $0) }, workers: 3)
    let pieces = CacheMemory(storage, capacities: [count], kvHeads: kvHeads, width: width)
    for position in (0..<count).shuffled(using: &noise) {
      let range = position * row..<(position + 1) * row
      pieces.append(level, k: Array(k[range]), v: Array(v[range]), at: [(0, position)])
    }
    #expect(pieces.keys[0].array == whole.keys[0].array)
    #expect(pieces.values[0].array == whole.values[0].array)
  }

  /// A ring holds its last blocks of positions, where the block of a position takes the place of one that is as many
  /// blocks older as the ring has, and leaves all others alone.
  @Test(arguments: Level.all, Storage.caches)
  func ringsKeepTheirLastBlocks(level: Level, storage: Storage) {
    let (kvHeads, width, count) = (2, 33, 400)
    var noise = Noise(9)
    let row = kvHeads * width
    let (k, v) = (noise.floats(count * row), noise.floats(count * row))
    for (ring, chunk) in [(1, 64), (2, 3), (3, 50), (3, 129), (7, 70)] {
      let cache = CacheMemory(storage, capacities: [0, count], kvHeads: kvHeads, width: width, ring: ring)
      var next = 0
      while next < count {
        // No chunk lies in more blocks than there are.
        let end = min(count, next + chunk, (next / 64 + ring) * 64)
        cache.append(
          level, k: Array(k[next * row..<end * row]), v: Array(v[next * row..<end * row]),
          at: (next..<end).map { (1, $0) }, workers: 3)
        next = end
        func holds(_ position: Int) -> Bool {
          (0..<row).allSatisfy { column in
            let (head, channel) = (column / width, column % width)
            return cache.key(1, position: position, head: head, channel: channel)
              == storage.cached(k[position * row + column])
              && cache.value(1, position: position, head: head, channel: channel)
                == storage.cached(v[position * row + column])
          }
        }
        let kept = max(0, (end - 1) / 64 - ring + 1) * 64..<end
        #expect(kept.allSatisfy(holds), "a ring of \(ring), \(end) positions by \(chunk)")
      }
    }
  }
}
