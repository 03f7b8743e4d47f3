import ActKernels
import Glibc
import Testing

@Suite struct AttentionTests {
  private struct Problem {
    var heads: Int
    var kvHeads: Int
    var width: Int
    var window = 0
    var softCap: Float = 0
    /// The rows of the call, with their sequences and positions.
    var rows: [(sequence: Int, position: Int)]

    var scale: Float { 1 / Float(width).squareRoot() * 3 }
  }

  /// Keys, values and queries of a problem: the caches end with the block of the last position that any row sees.
  private final class Inputs {
    let storage: Storage
    let cache: CacheMemory
    /// For each sequence, `[positions, kvHeads * width]` as the cache holds them.
    let keys, values: [[Float]]
    let q: Guarded<Float>

    init(_ problem: Problem, _ storage: Storage, _ level: Level, seed: Int = 1) {
      var noise = Noise(seed)
      let sequences = problem.rows.map(\.sequence).max()! + 1
      let ends = (0..<sequences).map { s in
        problem.rows.filter { $0.sequence == s }.map { $0.position + 1 }.max() ?? 0
      }
      let row = problem.kvHeads * problem.width
      self.storage = storage
      cache = CacheMemory(storage, capacities: ends, kvHeads: problem.kvHeads, width: problem.width)
      keys = ends.map { noise.floats($0 * row).map(storage.cached) }
      values = ends.map { noise.floats($0 * row).map(storage.cached) }
      q = Guarded(noise.floats(problem.rows.count * (problem.heads * problem.width + 4)))
      restore(level)
    }

    /// Fills the caches.
    func restore(_ level: Level) {
      let row = cache.kvHeads * cache.width
      for s in keys.indices {
        cache.append(level, k: keys[s], v: values[s], at: (0..<keys[s].count / row).map { (s, $0) })
      }
    }
  }

  private func attend(
    _ level: Level, _ problem: Problem, _ inputs: Inputs, rows: Range<Int>? = nil, workers: Int = 1
  ) -> [Float] {
    let rows = rows ?? 0..<problem.rows.count
    let width = problem.heads * problem.width
    let out = Guarded<Float>(repeating: .nan, count: rows.count * width)
    let sequences = Guarded(problem.rows[rows].map { Int32($0.sequence) })
    let positions = Guarded(problem.rows[rows].map { Int32($0.position) })
    let scratch = act_attention_scratch(Int32(problem.width))
    let scratches = Guarded<Float>(repeating: .nan, count: scratch * workers)
    let args = act_attention_args(
      out: out.pointer, out_row_stride: width, q: inputs.q.pointer + rows.lowerBound * (width + 4),
      q_row_stride: width + 4, keys: inputs.cache.keyAddresses.pointer,
      values: inputs.cache.valueAddresses.pointer, sequences: sequences.pointer,
      positions: positions.pointer, rows: Int32(rows.count), heads: Int32(problem.heads),
      kv_heads: Int32(problem.kvHeads), head_width: Int32(problem.width),
      cache_dtype: inputs.storage.rawValue, window: Int32(problem.window), scale: problem.scale,
      soft_cap: problem.softCap, scratch: scratches.pointer, scratch_per_worker: scratch)
    call(
      level.kernels.attention, args,
      keeping: [inputs, inputs.cache, out, sequences, positions, scratches], workers: workers)
    return out.array
  }

  private func reference(_ problem: Problem, _ inputs: Inputs) -> [Double] {
    let (width, stride) = (problem.width, problem.kvHeads * problem.width)
    var result: [Double] = []
    for (row, place) in problem.rows.enumerated() {
      let keys = inputs.keys[place.sequence]
      let values = inputs.values[place.sequence]
      let first = problem.window > 0 ? max(0, place.position - problem.window + 1) : 0
      for head in 0..<problem.heads {
        let q = inputs.q.pointer + row * (problem.heads * width + 4) + head * width
        let offset = head / (problem.heads / problem.kvHeads) * width
        var weights = (first...place.position).map { j in
          var score = 0.0
          for i in 0..<width { score += Double(q[i]) * Double(keys[j * stride + offset + i]) }
          score *= Double(problem.scale)
          let cap = Double(problem.softCap)
          return cap == 0 ? score : cap * tanh(score / cap)
        }
        let greatest = weights.max()!
        weights = weights.map { exp($0 - greatest) }
        let total = weights.reduce(0, +)
        for i in 0..<width {
          var sum = 0.0
          for j in first...place.position {
            sum += weights[j - first] * Double(values[j * stride + offset + i])
          }
          result.append(sum / total)
        }
      }
    }
    return result
  }

  private static func prefill(_ range: Range<Int>, sequence: Int = 0) -> [(sequence: Int, position: Int)] {
    range.map { (sequence, $0) }
  }

  private static let problems: [Problem] = [
    Problem(heads: 9, kvHeads: 3, width: 64, rows: prefill(0..<70)),
    Problem(heads: 4, kvHeads: 4, width: 16, rows: prefill(0..<5)),
    Problem(heads: 8, kvHeads: 1, width: 33, rows: prefill(120..<135)),
    Problem(heads: 64, kvHeads: 1, width: 8, rows: prefill(60..<67)),
    Problem(heads: 2, kvHeads: 1, width: 7, window: 5, rows: prefill(0..<20)),
    Problem(heads: 6, kvHeads: 2, width: 80, window: 64, softCap: 2, rows: prefill(0..<150)),
    Problem(heads: 2, kvHeads: 2, width: 100, softCap: 30, rows: [(0, 200), (0, 0), (0, 64), (0, 63)]),
    // A ragged batch: decode rows, and a prefill between them.
    Problem(
      heads: 6, kvHeads: 2, width: 24,
      rows: [(0, 130), (1, 0)] + prefill(3..<40, sequence: 2) + [(3, 64), (4, 63), (1, 1)]),
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

  /// What lies in the cache past a row's own position reaches nothing, not even as NaN.
  @Test(arguments: Level.all, Storage.caches)
  func laterPositionsDoNotLeakBack(level: Level, storage: Storage) {
    let problem = Problem(heads: 6, kvHeads: 2, width: 24, rows: Self.prefill(0..<90))
    let inputs = Inputs(problem, storage, level)
    let clean = attend(level, problem, inputs)
    for first in [79, 80] {
      let nan = [Float](repeating: .nan, count: (90 - first) * problem.kvHeads * problem.width)
      inputs.cache.append(level, k: nan, v: nan, at: (first..<90).map { (0, $0) })
      let poisoned = attend(level, problem, inputs)
      let seen = first * problem.heads * problem.width
      #expect(bits(poisoned[..<seen]) == bits(clean[..<seen]))
      #expect(!poisoned[seen...].contains { !$0.isNaN })
      inputs.restore(level)
    }
  }

  @Test(arguments: Level.all, Storage.caches)
  func largeScoresDoNotOverflow(level: Level, storage: Storage) {
    let problem = Problem(heads: 1, kvHeads: 1, width: 16, rows: Self.prefill(0..<130))
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
