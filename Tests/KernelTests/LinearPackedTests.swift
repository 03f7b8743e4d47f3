import ActKernels
import Testing

@Suite struct LinearPackedTests {
  /// x: [rows, k] with rows `gap` elements apart, and out: [rows, n] likewise.
  private struct Problem {
    let rows: Int
    let gap = 3
    let x: Guarded<Float>
    let w: PackedMatrix

    var n: Int { w.n }
    var k: Int { w.k }

    init(_ format: PackedFormat, rows: Int, n: Int, k: Int) {
      var noise = Noise(rows * 7919 + n * 131 + k)
      self.rows = rows
      var numbers = noise.floats((rows - 1) * (k + gap) + k)
      // A block of zeros, which has no scale.
      for i in 0..<min(k, 32) where rows > 2 { numbers[2 * (k + gap) + i] = 0 }
      x = Guarded(numbers)
      w = PackedMatrix(format, noise.floats(n * k), n: n, k: k)
    }

    func arguments(_ range: Range<Int>, out: Guarded<Float>) -> act_linear_args {
      act_linear_args(
        out: out.pointer, out_row_stride: n + gap, x: x.pointer + range.lowerBound * (k + gap),
        x_row_stride: k + gap, w: UnsafeRawPointer(w.bytes.pointer), w_dtype: w.format.rawValue,
        rows: Int32(range.count), n: Int32(n), k: Int32(k), slots: nil, rows_per_slot: 1,
        epilogue: act_expr(inputs: 1, []),
        inputs: act_operands(), packed_x: nil)
    }

    func run(_ level: Level, _ arguments: act_linear_args, keeping memory: [AnyObject] = [], workers: Int) {
      let bytes = level.kernels.linear_scratch(arguments.w_dtype, arguments.rows, arguments.k)
      let packed = Guarded<UInt8>(repeating: 0xff, count: bytes)
      var arguments = arguments
      arguments.packed_x = UnsafeMutableRawPointer(packed.pointer)
      let memory = memory + [x, w.bytes, packed]
      if bytes > 0 { call(level.kernels.pack_rows, arguments, keeping: memory, workers: workers) }
      call(level.kernels.linear, arguments, keeping: memory, workers: workers)
    }

    /// [range.count, n]; checks that nothing is written between the rows.
    func product(_ level: Level, rows range: Range<Int>? = nil, workers: Int = 1) -> [Float] {
      let range = range ?? 0..<rows
      let out = Guarded<Float>(repeating: -77, count: (range.count - 1) * (n + gap) + n)
      run(level, arguments(range, out: out), keeping: [out], workers: workers)
      for i in 0..<out.count where i % (n + gap) >= n { #expect(out.pointer[i] == -77) }
      return (0..<range.count).flatMap { row in (0..<n).map { out.pointer[row * (n + gap) + $0] } }
    }

    /// x as the format's products see it at a level, [rows, k].
    func rowsAsRead(_ level: Level) -> [Double] {
      let asBF16 = w.format == .bf16 && ["avx512bf16", "amx", "amx-emulated"].contains(level.name)
      return (0..<rows).flatMap { row in
        let numbers = (0..<k).map { x.pointer[row * (k + gap) + $0] }
        if asBF16 {
          return numbers.map { number in
            let bits = number.bitPattern
            return Double(Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
          }
        }
        guard w.format.quantisesRows else { return numbers.map(Double.init) }
        return stride(from: 0, to: k, by: 32).flatMap { start in
          let block = numbers[start..<min(start + 32, k)]
          let largest = block.map(abs).max()!
          let inverse = largest > 0 ? 127 / largest : 0
          return block.map { Double(($0 * inverse).rounded(.toNearestOrEven)) * Double(largest / 127) }
        }
      }
    }

    func reference(_ rows: [Double]) -> [Double] {
      let weights = w.values.map(Double.init)
      var result: [Double] = []
      for row in 0..<self.rows {
        for column in 0..<n {
          var sum = 0.0
          for i in 0..<k { sum += rows[row * k + i] * weights[column * k + i] }
          result.append(sum)
        }
      }
      return result
    }
  }

  private static let sizes = [1, 15, 16, 17, 33, 64, 100, 576]

  @Test(arguments: Level.all, PackedFormat.allCases)
  func matchesReference(level: Level, format: PackedFormat) {
    var seed = 0
    for n in Self.sizes {
      for k in Self.sizes {
        // Every count of rows from 1 to 40 comes up among the shapes.
        for _ in 0..<2 {
          seed += 1
          let rows = 1 + seed * 7 % 40
          let problem = Problem(format, rows: rows, n: n, k: k)
          let expected = problem.reference(problem.rowsAsRead(level))
          let error = nmse(problem.product(level, workers: 2), expected)
          // Nothing rounds but the sums of blocks, and in f32 and bf16 those of all products, of which some cancel.
          #expect(error < (format.quantisesRows ? 2e-12 : 2e-11), "\(rows) x \(n) x \(k)")
        }
      }
    }
  }

  /// Long columns go over x in several runs, and one long row does not fit the stack.
  @Test(arguments: Level.all, PackedFormat.allCases)
  func matchesReferenceOnLongRows(level: Level, format: PackedFormat) {
    for (rows, n, k) in [(1, 17, 60_001), (26, 33, 5_000)] {
      let problem = Problem(format, rows: rows, n: n, k: k)
      let expected = problem.reference(problem.rowsAsRead(level))
      #expect(nmse(problem.product(level, workers: 2), expected) < 1e-10, "\(rows) x \(n) x \(k)")
    }
  }

  /// What rounding x costs: bf16 keeps 8 bits, int8 7 of the largest of 32.
  @Test(arguments: Level.all, PackedFormat.allCases)
  func roundingOfRowsIsBounded(level: Level, format: PackedFormat) {
    let problem = Problem(format, rows: 20, n: 100, k: 576)
    let exact = (0..<20).flatMap { row in
      (0..<576).map { Double(problem.x.pointer[row * (576 + problem.gap) + $0]) }
    }
    let error = nmse(problem.product(level), problem.reference(exact))
    #expect(error < (format.quantisesRows ? 4e-5 : format == .bf16 ? 6e-6 : 1e-11))
  }

  @Test(arguments: Level.all, PackedFormat.allCases)
  func rowsAndWorkersDoNotMatter(level: Level, format: PackedFormat) {
    for (rows, n, k) in [(33, 37, 577), (130, 70, 48), (40, 576, 64)] {
      let problem = Problem(format, rows: rows, n: n, k: k)
      let whole = bits(problem.product(level))
      for workers in [2, 3, 5, 16] { #expect(bits(problem.product(level, workers: workers)) == whole) }
      for size in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 25] {
        var pieces: [UInt32] = []
        for first in stride(from: 0, to: rows, by: size) {
          pieces += bits(
            problem.product(level, rows: first..<min(first + size, rows), workers: 1 + first % 3))
        }
        #expect(pieces == whole, "\(size) rows at a time")
      }
    }
  }

  @Test(arguments: [PackedFormat.q8, .q4])
  func levelsAgree(format: PackedFormat) {
    for (rows, n, k) in [(1, 100, 577), (7, 33, 100), (40, 64, 1536)] {
      let problem = Problem(format, rows: rows, n: n, k: k)
      let expected = bits(problem.product(Level.all[0]))
      for level in Level.all { #expect(bits(problem.product(level)) == expected, "\(level.name)") }
    }
  }

  @Test(arguments: Level.all, PackedFormat.allCases)
  func numbersThatAreNotFiniteStayInTheirRow(level: Level, format: PackedFormat) {
    let problem = Problem(format, rows: 14, n: 20, k: 70)
    let before = problem.product(level)
    problem.x.pointer[3 * (70 + problem.gap) + 40] = .nan
    problem.x.pointer[9 * (70 + problem.gap) + 69] = .infinity
    let after = problem.product(level)
    for i in before.indices {
      switch i / 20 {
      case 3: #expect(after[i].isNaN)
      case 9: #expect(!after[i].isFinite)
      default: #expect(after[i].bitPattern == before[i].bitPattern)
      }
    }
  }

  @Test(arguments: Level.all, PackedFormat.allCases)
  func epilogueEqualsSeparateKernels(level: Level, format: PackedFormat) {
    for (rows, n, k) in [(1, 1537, 40), (3, 300, 17), (29, 70, 33), (100, 65, 20)] {
      let problem = Problem(format, rows: rows, n: n, k: k)
      expectEpilogueEqualsSeparateKernels(
        level, rows: rows, n: n, width: n + problem.gap, sums: problem.product(level),
        arguments: { problem.arguments(0..<rows, out: $0) },
        run: { problem.run(level, $0, keeping: $1, workers: 3) })
    }
  }
}
