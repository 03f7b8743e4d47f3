import ActKernels
import Testing

/// Products of rows with the matrices that were chosen for them: each row is what a linear layer makes of it alone.
@Suite struct ExpertTests {
  /// Random rows, a gap between them, and a matrix for each of some experts; the results have gaps likewise.
  private struct Problem {
    let dtype: Int32
    let n: Int
    let k: Int
    let experts: Int
    /// How many rows of the result stand for one of x.
    let rowsPerX: Int
    let gap = 3
    let x: Guarded<Float>
    let w: Guarded<UInt8>
    let chosen: [Int32]

    var rows: Int { chosen.count }
    var matrixByteCount: Int { w.count / experts }

    /// Matrices that are packed, or stored one element after another.
    init(
      _ format: PackedFormat?, _ storage: Storage = .f32, rows: Int, n: Int, k: Int, experts: Int,
      rowsPerX: Int = 1, chooses: Range<Int>? = nil
    ) {
      var noise = Noise(rows * 7919 + n * 131 + k)
      (self.n, self.k, self.experts, self.rowsPerX) = (n, k, experts, rowsPerX)
      dtype = format?.rawValue ?? storage.rawValue
      x = Guarded(noise.floats((rows / rowsPerX - 1) * (k + gap) + k))
      let chooses = chooses ?? 0..<experts
      chosen = (0..<rows).map { row in Int32(chooses.lowerBound + (row * row + row / 3) % chooses.count) }
      var bytes: [UInt8] = []
      for _ in 0..<experts {
        let numbers = noise.floats(n * k)
        bytes +=
          format.map { PackedMatrix($0, numbers, n: n, k: k).bytes.array } ?? storage.encode(numbers).bytes
      }
      w = Guarded(bytes)
    }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { x.pointer + index / rowsPerX * (k + gap) }

    /// The rows `range` of the result, computed in one call.
    func product(_ level: Level, rows range: Range<Int>? = nil, workers: Int = 1) -> [Float] {
      let range = range ?? 0..<rows
      let out = Guarded<Float>(repeating: -77, count: (range.count - 1) * (n + gap) + n)
      let chosen = Guarded(Array(chosen[range]))
      let bytes = level.kernels.expert_scratch(dtype, Int32(range.count), Int32(experts), Int32(k))
      let scratch = Guarded<UInt8>(repeating: 0xff, count: bytes * workers)
      let arguments = act_expert_linear_args(
        out: out.pointer, out_row_stride: n + gap, x: row(range.lowerBound), x_row_stride: k + gap,
        rows_per_x: Int32(rowsPerX), w: UnsafeRawPointer(w.pointer), w_stride_bytes: matrixByteCount,
        w_dtype: dtype, chosen: chosen.pointer, rows: Int32(range.count), experts: Int32(experts),
        n: Int32(n), k: Int32(k), scratch: UnsafeMutableRawPointer(scratch.pointer),
        scratch_per_worker: bytes)
      call(
        level.kernels.expert_linear, arguments, keeping: [out, x, w, chosen, scratch], workers: workers)
      for i in 0..<out.count where i % (n + gap) >= n { #expect(out.pointer[i] == -77) }
      return (0..<range.count).flatMap { row in (0..<n).map { out.pointer[row * (n + gap) + $0] } }
    }

    /// What a linear layer makes of a row alone.
    func linear(_ level: Level, row index: Int) -> [Float] {
      let out = Guarded<Float>(repeating: .nan, count: n)
      let bytes = level.kernels.linear_scratch(dtype, 1, Int32(k))
      let packed = Guarded<UInt8>(repeating: 0xff, count: bytes)
      let arguments = act_linear_args(
        out: out.pointer, out_row_stride: n, x: row(index), x_row_stride: k + gap,
        w: UnsafeRawPointer(w.pointer + Int(chosen[index]) * matrixByteCount), w_dtype: dtype, rows: 1,
        n: Int32(n), k: Int32(k), slots: nil, rows_per_slot: 1, epilogue: act_expr(inputs: 1, []),
        inputs: act_operands(), packed_x: UnsafeMutableRawPointer(packed.pointer))
      if bytes > 0 { call(level.kernels.pack_rows, arguments, keeping: [x, w, packed]) }
      call(level.kernels.linear, arguments, keeping: [out, x, w, packed])
      return out.array
    }

    /// What a linear layer makes of each row alone.
    func linear(_ level: Level) -> [Float] { (0..<rows).flatMap { linear(level, row: $0) } }
  }

  private static let shapes: [(rows: Int, n: Int, k: Int, experts: Int)] = [
    (1, 1, 1, 1), (2, 17, 33, 5), (7, 16, 64, 3), (12, 100, 15, 60), (30, 33, 100, 4), (75, 40, 577, 2),
    (260, 70, 48, 2),
  ]

  @Test(arguments: Level.all, PackedFormat.allCases)
  func rowsAreThoseOfLinearLayers(level: Level, format: PackedFormat) {
    for (rows, n, k, experts) in Self.shapes {
      let problem = Problem(format, rows: rows, n: n, k: k, experts: experts)
      let expected = bits(problem.linear(level))
      for workers in [1, 2, 3, 7, 16] {
        #expect(
          bits(problem.product(level, workers: workers)) == expected,
          "\(rows) x \(n) x \(k), \(experts) experts, \(workers) workers")
      }
    }
  }

  @Test(arguments: Level.all, Storage.allCases)
  func plainMatrices(level: Level, storage: Storage) {
    for (rows, n, k, experts) in Self.shapes {
      let problem = Problem(nil, storage, rows: rows, n: n, k: k, experts: experts)
      #expect(
        bits(problem.product(level, workers: 3)) == bits(problem.linear(level)), "\(rows) x \(n) x \(k)")
    }
  }

  /// Several rows of the result may read one of x, each with a matrix of its own.
  @Test(arguments: Level.all, PackedFormat.allCases)
  func rowsOfOneInput(level: Level, format: PackedFormat) {
    for rowsPerX in [2, 3, 8] {
      let problem = Problem(format, rows: 9 * rowsPerX, n: 37, k: 50, experts: 9, rowsPerX: rowsPerX)
      #expect(bits(problem.product(level, workers: 2)) == bits(problem.linear(level)))
    }
  }

  @Test(arguments: Level.all, PackedFormat.allCases)
  func batchesDoNotMatter(level: Level, format: PackedFormat) {
    let problem = Problem(format, rows: 61, n: 50, k: 65, experts: 3)
    let whole = bits(problem.product(level))
    for size in [1, 2, 5, 13, 25, 40] {
      var pieces: [UInt32] = []
      for first in stride(from: 0, to: problem.rows, by: size) {
        pieces += bits(
          problem.product(
            level, rows: first..<min(first + size, problem.rows), workers: 1 + first % 3))
      }
      #expect(pieces == whole, "\(size) rows at a time")
    }
  }

  /// Matrices that no row chose take no part, whatever they hold.
  @Test(arguments: Level.all)
  func expertsThatNobodyChoseAreNotRead(level: Level) {
    let problem = Problem(.f32, rows: 20, n: 33, k: 20, experts: 6, chooses: 2..<4)
    let expected = bits(problem.product(level))
    for expert in [0, 1, 4, 5] {
      let matrix = problem.w.pointer + expert * problem.matrixByteCount
      matrix.update(repeating: 0xff, count: problem.matrixByteCount)
    }
    #expect(bits(problem.product(level, workers: 2)) == expected)
  }

  @Test(arguments: [1, 2, 3, 4])
  func choosesTheGreatest(workers: Int) {
    for columns in [1, 2, 7, 64, 129] {
      for count in Set([1, 2, 5, columns]) where count <= columns {
        var noise = Noise(columns * 31 + count)
        let (rows, gap) = (9, 2)
        var scores = noise.floats((rows - 1) * (columns + gap) + columns)
        // Some are equal, of which the first comes first.
        for i in scores.indices where i % 3 == 0 { scores[i] = 0.25 }
        let chosen = choose(
          scores, rows: rows, columns: columns, stride: columns + gap, count: count, workers)
        for row in 0..<rows {
          let own = Array(scores[row * (columns + gap)..<row * (columns + gap) + columns])
          let order = own.indices.sorted { (-own[$0], $0) < (-own[$1], $1) }
          #expect(chosen[row] == order.prefix(count).map { Int32($0) })
        }
      }
    }
  }

  /// Scores that are no numbers must not lead outside the matrices.
  @Test func choosesColumnsOfAnyScores() {
    let (rows, columns) = (40, 6)
    var noise = Noise(4)
    var scores = noise.floats(rows * columns)
    for i in scores.indices where i * i % 5 < i / 60 { scores[i] = i % 2 == 0 ? .nan : .infinity }
    for i in 0..<columns { scores[i] = .nan }
    for count in 1...columns {
      let chosen = choose(scores, rows: rows, columns: columns, stride: columns, count: count, 1)
      for row in chosen {
        #expect(Set(row).count == count && row.allSatisfy { (0..<Int32(columns)).contains($0) })
      }
    }
  }

  private func choose(
    _ scores: [Float], rows: Int, columns: Int, stride: Int, count: Int, _ workers: Int
  ) -> [[Int32]] {
    let out = Guarded<Int32>(repeating: -1, count: rows * count)
    let scores = Guarded(scores)
    call(
      act_choose,
      act_choose_args(
        out: out.pointer, scores: scores.pointer, scores_row_stride: stride, rows: Int32(rows),
        columns: Int32(columns), count: Int32(count)), keeping: [out, scores], workers: workers)
    return (0..<rows).map { Array(out.array[$0 * count..<($0 + 1) * count]) }
  }

  @Test func takesChannels() {
    let (rows, columns, count, gap) = (5, 7, 3, 2)
    var noise = Noise(5)
    let x = Guarded(noise.floats((rows - 1) * (columns + gap) + columns))
    let chosen = Guarded<Int32>((0..<rows * count).map { Int32(($0 * 5 + $0 / 4) % columns) })
    let out = Guarded<Float>(repeating: .nan, count: rows * count)
    call(
      act_take_channels,
      act_take_channels_args(
        out: out.pointer, out_row_stride: count, x: x.pointer, x_row_stride: columns + gap,
        chosen: chosen.pointer, rows: Int32(rows), count: Int32(count)), keeping: [out, x, chosen], workers: 2
    )
    #expect(
      out.array
        == (0..<rows * count).map { x.pointer[$0 / count * (columns + gap) + Int(chosen.pointer[$0])] })
  }

  @Test(arguments: Level.all)
  func sumsByWeight(level: Level) {
    for (rows, count, columns) in [(1, 1, 1), (4, 3, 15), (3, 8, 64), (7, 2, 100)] {
      var noise = Noise(rows * 100 + columns)
      let gap = 3
      let x = Guarded(noise.floats((rows * count - 1) * (columns + gap) + columns))
      let weights = Guarded(noise.floats(rows * count))
      func sums(_ workers: Int) -> [Float] {
        let out = Guarded<Float>(repeating: .nan, count: rows * columns)
        call(
          level.kernels.weighted_sum,
          act_weighted_sum_args(
            out: out.pointer, out_row_stride: columns, x: x.pointer, x_row_stride: columns + gap,
            weights: weights.pointer, weights_row_stride: count, rows: Int32(rows), count: Int32(count),
            columns: Int32(columns)), keeping: [out, x, weights], workers: workers)
        return out.array
      }
      let expected = (0..<rows * columns).map { index in
        (0..<count).reduce(0.0) { sum, part in
          let row = index / columns * count + part
          return sum + Double(weights.pointer[row])
            * Double(x.pointer[row * (columns + gap) + index % columns])
        }
      }
      let values = sums(1)
      #expect(nmse(values, expected) < 1e-13)
      #expect(bits(sums(3)) == bits(values))
    }
  }
}
