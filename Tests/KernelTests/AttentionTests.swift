import ActKernels
import Glibc
import Testing

@Suite struct AttentionTests {
  private struct Problem {
    var heads: Int
    var kvHeads: Int
    var width: Int
    var softCap: Float = 0
    /// How far away positions have a bias of their own; nil: none has.
    var biasRadius: Int?
    /// The rows of the call: the entry of each, and the positions that it sees.
    var rows: [(entry: Int, sees: Range<Int>)]

    /// Where a row stands, which nothing but the bias asks.
    func position(of row: Int) -> Int { row * 11 % max(1, rows[row].sees.upperBound) }

    var scale: Float { 1 / Float(width).squareRoot() * 3 }
  }

  /// Keys, values and queries of a problem: the caches end with the block of the last position that any row sees.
  private final class Inputs {
    let storage: Storage
    let cache: CacheMemory
    /// For each entry, `[positions, kvHeads * width]` as the cache holds them.
    let keys, values: [[Float]]
    let q: Guarded<Float>
    /// `[heads, 2 * radius + 1]`
    let bias: Guarded<Float>?

    init(_ problem: Problem, _ storage: Storage, _ level: Level, seed: Int = 1, ring: Int = 0) {
      var noise = Noise(seed)
      let entries = problem.rows.map(\.entry).max()! + 1
      let ends = (0..<entries).map { entry in
        problem.rows.filter { $0.entry == entry }.map(\.sees.upperBound).max() ?? 0
      }
      let row = problem.kvHeads * problem.width
      self.storage = storage
      cache = CacheMemory(
        storage, capacities: ends, kvHeads: problem.kvHeads, width: problem.width, ring: ring)
      keys = ends.map { noise.floats($0 * row).map(storage.cached) }
      values = ends.map { noise.floats($0 * row).map(storage.cached) }
      q = Guarded(noise.floats(problem.rows.count * (problem.heads * problem.width + 4)))
      bias = problem.biasRadius.map { Guarded(noise.floats(problem.heads * (2 * $0 + 1), -3...3)) }
      if ring == 0 { restore(level) }
    }

    /// Fills the caches.
    func restore(_ level: Level) {
      for s in keys.indices { append(level, 0..<keys[s].count / (cache.kvHeads * cache.width), of: s) }
    }

    /// Writes some positions of an entry.
    func append(_ level: Level, _ positions: Range<Int>, of entry: Int) {
      let row = cache.kvHeads * cache.width
      let elements = positions.lowerBound * row..<positions.upperBound * row
      cache.append(
        level, k: Array(keys[entry][elements]), v: Array(values[entry][elements]),
        at: positions.map { (entry, $0) }, workers: 2)
    }
  }

  private func attend(
    _ level: Level, _ problem: Problem, _ inputs: Inputs, rows: Range<Int>? = nil, workers: Int = 1
  ) -> [Float] {
    let rows = rows ?? 0..<problem.rows.count
    let width = problem.heads * problem.width
    let out = Guarded<Float>(repeating: .nan, count: rows.count * width)
    let entries = Guarded(problem.rows[rows].map { Int32($0.entry) })
    let begins = Guarded(problem.rows[rows].map { Int32($0.sees.lowerBound) })
    let ends = Guarded(problem.rows[rows].map { Int32($0.sees.upperBound) })
    let positions = Guarded(rows.map { Int32(problem.position(of: $0)) })
    let scratch = act_attention_scratch(Int32(problem.width))
    let scratches = Guarded<Float>(repeating: .nan, count: scratch * workers)
    let args = act_attention_args(
      out: out.pointer, out_row_stride: width, q: inputs.q.pointer + rows.lowerBound * (width + 4),
      q_row_stride: width + 4, keys: inputs.cache.keyAddresses.pointer,
      values: inputs.cache.valueAddresses.pointer, entries: entries.pointer,
      begins: begins.pointer, ends: ends.pointer, rows: Int32(rows.count), heads: Int32(problem.heads),
      kv_heads: Int32(problem.kvHeads), head_width: Int32(problem.width),
      cache_dtype: inputs.storage.rawValue, ring: Int32(inputs.cache.ring), scale: problem.scale,
      soft_cap: problem.softCap, bias: inputs.bias.map { UnsafePointer($0.pointer) },
      positions: positions.pointer, bias_radius: Int32(problem.biasRadius ?? 0), scratch: scratches.pointer,
      scratch_per_worker: scratch)
    call(
      level.kernels.attention, args,
      keeping: [inputs, inputs.cache, out, entries, begins, ends, positions, scratches], workers: workers)
    return out.array
  }

  private func reference(_ problem: Problem, _ inputs: Inputs) -> [Double] {
    let (width, stride) = (problem.width, problem.kvHeads * problem.width)
    var result: [Double] = []
    for (row, place) in problem.rows.enumerated() {
      let (keys, values) = (inputs.keys[place.entry], inputs.values[place.entry])
      for head in 0..<problem.heads {
        let q = inputs.q.pointer + row * (problem.heads * width + 4) + head * width
        let offset = head / (problem.heads / problem.kvHeads) * width
        var weights = place.sees.map { j in
          var score = 0.0
          for i in 0..<width { score += Double(q[i]) * Double(keys[j * stride + offset + i]) }
          score *= Double(problem.scale)
          if let bias = inputs.bias, let radius = problem.biasRadius {
            let distance = max(-radius, min(radius, j - problem.position(of: row)))
            score += Double(bias.pointer[head * (2 * radius + 1) + radius + distance])
          }
          let cap = Double(problem.softCap)
          return cap == 0 ? score : cap * tanh(score / cap)
        }
        let greatest = weights.max() ?? 0
        weights = weights.map { exp($0 - greatest) }
        let total = weights.reduce(0, +)
        for i in 0..<width {
          var sum = 0.0
          for (weight, j) in zip(weights, place.sees) {
            sum += weight * Double(values[j * stride + offset + i])
          }
          result.append(place.sees.isEmpty ? 0 : sum / total)
        }
      }
    }
    return result
  }

  /// Rows at these positions, each of which sees all positions to its own, or the last `window` of them.
  private static func causal(
    _ positions: Range<Int>, entry: Int = 0, window: Int = .max
  ) -> [(entry: Int, sees: Range<Int>)] {
    positions.map { (entry, max(0, $0 - window + 1)..<$0 + 1) }
  }

  /// Rows of an encoder: each sees all.
  private static func full(_ count: Int, over positions: Int, entry: Int = 0) -> [(
    entry: Int, sees: Range<Int>
  )] {
    (0..<count).map { _ in (entry, 0..<positions) }
  }

  /// Rows of up to three entries with any span, of which some are empty.
  private static func odd(_ count: Int, over positions: Int) -> [(entry: Int, sees: Range<Int>)] {
    var noise = Noise(count)
    return (0..<count).map { row in
      let ends = (0..<2).map { _ in Int.random(in: 0...positions, using: &noise) }.sorted()
      return (row * row % 7 % 3, row % 5 == 4 ? ends[0]..<ends[0] : ends[0]..<ends[1])
    }
  }

  private static let problems: [Problem] = [
    Problem(heads: 9, kvHeads: 3, width: 64, rows: causal(0..<70)),
    Problem(heads: 4, kvHeads: 4, width: 16, rows: causal(0..<5)),
    Problem(heads: 8, kvHeads: 1, width: 33, rows: causal(120..<135)),
    Problem(heads: 64, kvHeads: 1, width: 8, rows: causal(60..<67)),
    Problem(heads: 2, kvHeads: 1, width: 7, rows: causal(0..<20, window: 5)),
    Problem(heads: 6, kvHeads: 2, width: 80, softCap: 2, rows: causal(0..<150, window: 64)),
    Problem(
      heads: 2, kvHeads: 2, width: 100, softCap: 30,
      rows: [200, 0, 64, 63].flatMap { causal($0..<$0 + 1) }),
    // A ragged batch: decode rows, and a prefill between them.
    Problem(
      heads: 6, kvHeads: 2, width: 24,
      rows: causal(130..<131) + causal(0..<1, entry: 1) + causal(3..<40, entry: 2)
        + causal(64..<65, entry: 3) + causal(63..<64, entry: 4) + causal(1..<2, entry: 1)),
    Problem(heads: 4, kvHeads: 4, width: 64, rows: full(77, over: 77)),
    // Images of unlike size, and text that they attend to.
    Problem(
      heads: 3, kvHeads: 3, width: 40,
      rows: full(50, over: 130) + full(9, over: 64, entry: 1) + full(1, over: 1, entry: 2)),
    Problem(heads: 4, kvHeads: 2, width: 128, rows: odd(90, over: 150)),
    Problem(heads: 1, kvHeads: 1, width: 512, rows: full(130, over: 130)),
    Problem(heads: 2, kvHeads: 1, width: 509, rows: odd(20, over: 140)),
    Problem(heads: 3, kvHeads: 3, width: 160, rows: full(70, over: 70)),
    Problem(heads: 5, kvHeads: 1, width: 72, softCap: 3, rows: odd(40, over: 70)),
    Problem(heads: 2, kvHeads: 2, width: 8, rows: odd(60, over: 300)),
    // Biases: past the last position, within a vector, of one number, and over several blocks.
    Problem(
      heads: 3, kvHeads: 3, width: 40, biasRadius: 200,
      rows: full(50, over: 130) + full(9, over: 64, entry: 1) + full(1, over: 1, entry: 2)),
    Problem(heads: 3, kvHeads: 3, width: 7, biasRadius: 5, rows: full(77, over: 77)),
    Problem(heads: 5, kvHeads: 5, width: 33, biasRadius: 0, rows: full(20, over: 20)),
    Problem(heads: 4, kvHeads: 2, width: 100, biasRadius: 43, rows: odd(90, over: 150)),
    Problem(heads: 64, kvHeads: 1, width: 8, biasRadius: 1, rows: causal(60..<67)),
  ]

  /// A level, a type of cache and a problem.
  struct Case: CustomTestStringConvertible {
    var level: Level
    var storage: Storage
    var index: Int

    var testDescription: String { "\(level.name), \(storage) cache, problem \(index)" }

    static let all = Level.all.flatMap { level in
      Storage.caches.flatMap { storage in
        problems.indices.map { Case(level: level, storage: storage, index: $0) }
      }
    }
  }

  @Test(arguments: Case.all)
  func matchesReference(_ test: Case) {
    let problem = Self.problems[test.index]
    let inputs = Inputs(problem, test.storage, test.level, seed: test.index)
    let error = nmse(attend(test.level, problem, inputs, workers: 2), reference(problem, inputs))
    #expect(error < (test.level.roundsQueries(for: test.storage) ? 1e-5 : 1e-11))
  }

  @Test(arguments: Case.all)
  func rowsDoNotDependOnTheirNeighbours(_ test: Case) {
    let problem = Self.problems[test.index]
    let inputs = Inputs(problem, test.storage, test.level, seed: test.index)
    let whole = bits(attend(test.level, problem, inputs))
    for workers in [2, 3, 7] {
      #expect(bits(attend(test.level, problem, inputs, workers: workers)) == whole)
    }
    for size in [1, 2, 3, 17] {
      var pieces: [UInt32] = []
      for first in stride(from: 0, to: problem.rows.count, by: size) {
        let rows = first..<min(first + size, problem.rows.count)
        pieces += bits(attend(test.level, problem, inputs, rows: rows, workers: 1 + first % 3))
      }
      #expect(pieces == whole, "\(size) rows at a time")
    }
  }

  /// What lies in the cache outside a row's span reaches nothing, not even as NaN.
  @Test(arguments: Level.all, Storage.caches)
  func positionsOutOfSightDoNotLeak(level: Level, storage: Storage) {
    var problem = Problem(heads: 6, kvHeads: 2, width: 24, rows: Self.causal(0..<90))
    for (first, window) in [(79, 90), (80, 90), (79, 30), (80, 31)] {
      problem.rows = Self.causal(0..<90, window: window)
      let inputs = Inputs(problem, storage, level)
      let clean = attend(level, problem, inputs)
      let nan = [Float](repeating: .nan, count: (90 - first) * problem.kvHeads * problem.width)
      inputs.cache.append(level, k: nan, v: nan, at: (first..<90).map { (0, $0) })
      let poisoned = attend(level, problem, inputs)
      let seen = first * problem.heads * problem.width
      #expect(bits(poisoned[..<seen]) == bits(clean[..<seen]))
      #expect(!poisoned[seen...].contains { !$0.isNaN })
      inputs.restore(level)
      // And what lies before the spans of the last rows.
      let last = 90 - window
      guard last > 0 else { continue }
      let before = [Float](repeating: .nan, count: last * problem.kvHeads * problem.width)
      inputs.cache.append(level, k: before, v: before, at: (0..<last).map { (0, $0) })
      let row = attend(level, problem, inputs, rows: 89..<90)
      #expect(bits(row) == bits(clean.suffix(row.count)))
    }
  }

  /// Two sequences of a window, a chunk of each in turn, over rings of as few blocks as window and chunk need: the bits
  /// of one call over all positions.
  @Test(arguments: Level.all, Storage.caches)
  func ringsEqualAllPositions(level: Level, storage: Storage) {
    let lengths = [430, 201]
    for (window, chunk, softCap) in [
      (1, 1, 0), (5, 1, 0), (64, 1, 3), (65, 7, 0), (20, 64, 0), (100, 33, 2), (70, 130, 0),
    ] as [(Int, Int, Float)] {
      var problem = Problem(
        heads: 6, kvHeads: 2, width: 24, softCap: softCap,
        rows: lengths.indices.flatMap { Self.causal(0..<lengths[$0], entry: $0, window: window) })
      let whole = bits(attend(level, problem, Inputs(problem, storage, level)))
      let ring = (window + chunk - 1 + 62) / 64 + 1
      let inputs = Inputs(problem, storage, level, ring: ring)
      let queries = inputs.q.array
      let (all, stride) = (problem.rows, queries.count / problem.rows.count)
      var pieces = [UInt32](repeating: 0, count: whole.count)
      for start in Swift.stride(from: 0, to: lengths.max()!, by: chunk) {
        var taken: [Int] = []
        for (entry, length) in lengths.enumerated() where start < length {
          let positions = start..<min(start + chunk, length)
          inputs.append(level, positions, of: entry)
          taken += positions.map { $0 + lengths[..<entry].reduce(0, +) }
        }
        problem.rows = taken.map { all[$0] }
        for (index, row) in taken.enumerated() {
          for i in 0..<stride { inputs.q.pointer[index * stride + i] = queries[row * stride + i] }
        }
        let out = bits(attend(level, problem, inputs, workers: 2))
        let width = out.count / taken.count
        for (index, row) in taken.enumerated() {
          pieces.replaceSubrange(
            row * width..<(row + 1) * width, with: out[index * width..<(index + 1) * width])
        }
      }
      #expect(pieces == whole, "a window of \(window) by \(chunk) in \(ring) blocks")
    }
  }

  @Test(arguments: Level.all, Storage.caches)
  func emptySpansGiveZeros(level: Level, storage: Storage) {
    let rows = [(0, 0..<0), (0, 3..<70), (0, 5..<5), (0, 64..<64)]
    let problem = Problem(heads: 2, kvHeads: 1, width: 20, rows: rows)
    let inputs = Inputs(problem, storage, level)
    let out = attend(level, problem, inputs)
    for (row, (_, span)) in rows.enumerated() {
      #expect(out[row * 40..<row * 40 + 40].allSatisfy { $0 == 0 } == span.isEmpty)
    }
    #expect(attend(level, problem, inputs, rows: 2..<3) == [Float](repeating: 0, count: 40))
  }

  @Test(arguments: Level.all, Storage.caches)
  func largeScoresDoNotOverflow(level: Level, storage: Storage) {
    let problem = Problem(heads: 1, kvHeads: 1, width: 16, rows: Self.causal(0..<130))
    let inputs = Inputs(problem, storage, level)
    for i in 0..<inputs.q.count { inputs.q.pointer[i] *= 1e4 }
    let out = attend(level, problem, inputs)
    #expect(!out.contains { !$0.isFinite })
    // Scores of thousands keep no digit after the point where their queries are rounded.
    guard !level.roundsQueries(for: storage) else { return }
    #expect(nmse(out, reference(problem, inputs)) < 1e-6)
  }
}

extension Level {
  /// Whether attention over such a cache multiplies bf16 by bf16.
  fileprivate func roundsQueries(for cache: Storage) -> Bool { cache == .bf16 && name == "avx512bf16" }
}
