import ActKernels
import Testing

@Suite struct LinearTests {
  /// x: [rows, k] with rows `gap` elements apart, w: [n, k].
  private struct Problem {
    let rows: Int
    let n: Int
    let k: Int
    let gap: Int
    let storage: Storage
    let x: Guarded<Float>
    let w: Guarded<UInt8>
    let weights: [Float]

    init(rows: Int, n: Int, k: Int, storage: Storage, gap: Int = 3) {
      var noise = Noise(rows * 7919 + n * 131 + k)
      (self.rows, self.n, self.k, self.gap, self.storage) = (rows, n, k, gap, storage)
      x = Guarded(noise.floats((rows - 1) * (k + gap) + k))
      let encoded = storage.encode(noise.floats(n * k))
      w = Guarded(encoded.bytes)
      weights = encoded.values
    }

    func arguments(_ range: Range<Int>, out: Guarded<Float>) -> act_linear_args {
      act_linear_args(
        out: out.pointer, out_row_stride: n, x: x.pointer + range.lowerBound * (k + gap),
        x_row_stride: k + gap, w: UnsafeRawPointer(w.pointer), w_dtype: storage.rawValue,
        rows: Int32(range.count), n: Int32(n), k: Int32(k), slots: nil, rows_per_slot: 1,
        epilogue: act_expr(inputs: 1, []),
        inputs: act_operands(), packed_x: nil)
    }

    func product(_ level: Level, rows range: Range<Int>? = nil, workers: Int = 1) -> [Float] {
      let range = range ?? 0..<rows
      let out = Guarded<Float>(repeating: .nan, count: range.count * n)
      call(level.kernels.linear, arguments(range, out: out), keeping: [x, w, out], workers: workers)
      return out.array
    }

    func reference() -> [Double] {
      var result: [Double] = []
      weights.withUnsafeBufferPointer { w in
        for row in 0..<rows {
          for column in 0..<n {
            var sum = 0.0
            for i in 0..<k { sum += Double(x.pointer[row * (k + gap) + i]) * Double(w[column * k + i]) }
            result.append(sum)
          }
        }
      }
      return result
    }
  }

  @Test(arguments: Storage.allCases)
  func matchesReference(storage: Storage) {
    var shapes: [(rows: Int, n: Int, k: Int)] = []
    for rows in [1, 2, 3, 4, 5, 7, 33] {
      for n in [1, 3, 8, 37] { for k in [1, 7, 16, 17, 577] { shapes.append((rows, n, k)) } }
    }
    shapes += [(1, 1537, 17), (2, 1537, 64), (6, 131, 576), (110, 70, 33), (5, 12, 3000)]
    for (rows, n, k) in shapes {
      let problem = Problem(rows: rows, n: n, k: k, storage: storage)
      let expected = problem.reference()
      for level in Level.all {
        let error = nmse(problem.product(level, workers: 2), expected)
        // One product alone may cancel; the bound is for sums of many.
        #expect(error < 1e-11, "\(level.name) \(rows) x \(n) x \(k)")
      }
    }
  }

  @Test(arguments: Level.all, Storage.allCases)
  func rowsDoNotDependOnTheirNeighbours(level: Level, storage: Storage) {
    for (rows, n, k) in [(33, 37, 577), (110, 150, 48), (40, 9, 16)] {
      let problem = Problem(rows: rows, n: n, k: k, storage: storage)
      let whole = bits(problem.product(level))
      for workers in [2, 3, 5, 16] { #expect(bits(problem.product(level, workers: workers)) == whole) }
      for size in [1, 2, 3, 4, 5, 6, 7, 25] {
        var pieces: [UInt32] = []
        for first in stride(from: 0, to: rows, by: size) {
          pieces += bits(
            problem.product(level, rows: first..<min(first + size, rows), workers: 1 + first % 3))
        }
        #expect(pieces == whole, "\(size) rows at a time")
      }
    }
  }

  @Test(arguments: Level.all)
  func epilogueEqualsSeparateKernels(level: Level) {
    for (rows, n, k) in [(1, 1537, 40), (3, 300, 17), (29, 70, 33), (100, 65, 20)] {
      let problem = Problem(rows: rows, n: n, k: k, storage: .bf16)
      expectEpilogueEqualsSeparateKernels(
        level, rows: rows, n: n, width: n, sums: problem.product(level),
        arguments: { problem.arguments(0..<rows, out: $0) },
        run: {
          call(level.kernels.linear, $0, keeping: $1 + [problem.x, problem.w], workers: 3)
        })
    }
  }
}
