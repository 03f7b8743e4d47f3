import ActIR
import ActKernels
import Testing

@Suite struct PackTests {
  private static let shapes = [(1, 1), (15, 33), (16, 64), (17, 100), (33, 17), (70, 200), (64, 576)]

  /// The graph's types and the kernels agree about sizes.
  @Test(arguments: [
    (DType.f32x16, PackedFormat.f32), (.bf16x16, .bf16), (.q8x16, .q8), (.q4x16, .q4),
  ])
  func sizeIsThatOfTheType(dtype: DType, format: PackedFormat) {
    for n in [1, 2, 15, 16, 17, 31, 576, 49_152] {
      for k in [1, 31, 32, 33, 63, 64, 65, 127, 576, 1536] {
        let kernels = act_packed_bytes(format.rawValue, Int64(n), Int64(k))
        #expect(TensorType(dtype, [.fixed(n), .fixed(k)]).byteCount() == Int(kernels), "\(n) x \(k)")
      }
    }
  }

  private static func weights(_ n: Int, _ k: Int) -> [Float] {
    var noise = Noise(n * 1009 + k)
    // Sums of three: rows of unlike size, most weights small, and some blocks of zeros or of one number.
    return (0..<n * k).map { i in
      let (row, block) = (i / k, i % k / 32)
      if (row + block) % 11 == 10 { return 0 }
      if (row + block) % 13 == 12 { return 0.3 }
      let sum = noise.floats(3).reduce(0, +)
      return sum * Float(1 + row % 5)
    }
  }

  @Test func sizes() {
    #expect(act_packed_bytes(4, 17, 5) == 2 * 5 * 64)
    #expect(act_packed_bytes(5, 16, 33) == 2 * 1024)
    #expect(act_packed_bytes(6, 1, 65) == 2 * 1088)
    #expect(act_packed_bytes(7, 33, 64) == 3 * 640)
    #expect(act_packed_bytes(6, 0, 64) == 0)
    for dtype: Int32 in [-1, 0, 1, 2, 3, 8] { #expect(act_packed_bytes(dtype, 16, 64) == 0) }
    for dtype: Int32 in 4...7 {
      for (n, k) in [(-1, 64), (64, -1), (Int64.max, 1), (1, Int64.max), (1 << 40, 1 << 40)]
        as [(Int64, Int64)]
      {
        #expect(act_packed_bytes(dtype, n, k) == 0)
      }
      #expect(act_packed_bytes(dtype, 1 << 20, 1 << 20) >= 1 << 39)
    }
  }

  /// A step of the scale at most, halved; what rounding the scale to bf16 adds is below one part in a hundred.
  @Test(arguments: PackedFormat.allCases, Storage.allCases)
  func roundTripsWithinBounds(format: PackedFormat, storage: Storage) {
    for (n, k) in Self.shapes {
      let (bytes, exact) = storage.encode(Self.weights(n, k))
      let values = PackedMatrix(format, bytes, storage, n: n, k: k, level: Level.all[0]).values
      for row in 0..<n {
        for start in stride(from: 0, to: k, by: 32) {
          let range = row * k + start..<row * k + min(start + 32, k)
          let block = exact[range]
          let largest = block.map(abs).max()!
          for i in range {
            let error = abs(values[i] - exact[i])
            switch format {
            case .f32: #expect(error == 0)
            case .bf16: #expect(error <= abs(exact[i]) / 256)
            case .q8: #expect(error <= largest / 127 * 0.51)
            // The fit may clip the ends of the range: a step and a half.
            case .q4: #expect(error <= 2 * largest / 15 * 1.5 + largest / 128)
            }
          }
        }
      }
    }
  }

  @Test(arguments: PackedFormat.allCases)
  func paddingIsZero(format: PackedFormat) {
    let (n, k) = (19, 70)
    let packed = PackedMatrix(format, Self.weights(n, k), n: n, k: k)
    let (elements, width) = format.values(packed.bytes.pointer, n: n, k: k)
    for i in elements.indices where i / width >= n || (format != .q4 && i % width >= k) {
      #expect(elements[i] == 0)
    }
  }

  @Test(arguments: PackedFormat.allCases)
  func bytesAreTheSameAtEveryLevel(format: PackedFormat) {
    for (n, k) in Self.shapes {
      let weights = Self.weights(n, k)
      let expected = PackedMatrix(format, weights, n: n, k: k).bytes.array
      for level in Level.all {
        for workers in [1, 3] {
          let packed = PackedMatrix(format, weights, n: n, k: k, level: level, workers: workers)
          #expect(packed.bytes.array == expected, "\(level.name) \(n) x \(k)")
        }
      }
    }
  }

  /// Against the levels from the smallest to the largest weight, and against eight steps either way of zero.
  @Test func q4IsNoWorseThanTheRangeOfABlock() {
    let (n, k) = (64, 576)
    let weights = Self.weights(n, k)
    let values = PackedMatrix(.q4, weights, n: n, k: k).values
    func rounded(_ x: Float) -> Float {
      let bits = x.bitPattern
      return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
    }
    func error(_ block: ArraySlice<Float>, _ scale: Float, _ offset: Float) -> Double {
      let (s, o) = (rounded(scale), rounded(offset))
      return block.reduce(0) { sum, w in
        let level = s == 0 ? 0 : ((w - o) / s).rounded(.toNearestOrEven)
        return sum + Double(w - (min(max(level, 0), 15) * s + o))
          * Double(w - (min(max(level, 0), 15) * s + o))
      }
    }
    var (total, naive) = (0.0, 0.0)
    for start in stride(from: 0, to: n * k, by: 32) {
      let block = weights[start..<start + 32]
      let (low, high) = (block.min()!, block.max()!)
      let largest = max(-low, high)
      let range = error(block, (high - low) / 15, low)
      let symmetric = error(block, largest / 8, (high > -low ? -7 : -8) * largest / 8)
      let ours = zip(block, values[start..<start + 32]).reduce(0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }
      #expect(ours <= min(range, symmetric) * 1.00001 + 1e-12)
      total += ours
      naive += range
    }
    #expect(total < 0.9 * naive)
  }

  @Test(arguments: Level.all, PackedFormat.allCases)
  func takesRows(level: Level, format: PackedFormat) {
    for k in [1, 33, 100, 576] {
      let n = 37
      let packed = PackedMatrix(format, Self.weights(n, k), n: n, k: k)
      let indices = Guarded<Int32>([36, 0, 15, 16, 16, 5])
      let out = Guarded<Float>(repeating: .nan, count: 5 * (k + 2) + k)
      call(
        level.kernels.take_rows,
        act_take_rows_args(
          out: out.pointer, out_row_stride: k + 2, table: UnsafeRawPointer(packed.bytes.pointer),
          table_row_stride: 0, dtype: format.rawValue, indices: indices.pointer, rows: 6, columns: Int32(k)),
        keeping: [packed.bytes, indices, out], workers: 2)
      let values = packed.values
      for (i, index) in indices.array.enumerated() {
        let row = (0..<k).map { out.pointer[i * (k + 2) + $0] }
        #expect(row == Array(values[Int(index) * k..<(Int(index) + 1) * k]))
      }
    }
  }
}
