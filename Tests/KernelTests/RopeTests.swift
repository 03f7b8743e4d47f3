import ActKernels
import Glibc
import Testing

@Suite struct RopeTests {
  @Test func tableIsExactAtLongPositions() {
    let positions: [Int32] = [0, 1, 511, 131_071, 1_000_003]
    let half = 32
    let frequencies = (0..<half).map { pow(10_000, -Double($0) / Double(half)) }
    let out = Guarded<Float>(repeating: 0, count: positions.count * 2 * half)
    let memory = (Guarded(positions), Guarded(frequencies))
    for workers in 1...3 {
      for i in 0..<out.count { out.pointer[i] = .nan }
      call(
        act_rope_table,
        act_rope_table_args(
          out: out.pointer, positions: memory.0.pointer, frequencies: memory.1.pointer,
          rows: Int32(positions.count), half: Int32(half), scale: 1.25), keeping: [memory.0, memory.1, out],
        workers: workers)
      for (row, position) in positions.enumerated() {
        for i in 0..<half {
          let angle = Double(position) * frequencies[i]
          #expect(out.pointer[row * 2 * half + i] == Float(cos(angle) * 1.25))
          #expect(out.pointer[row * 2 * half + half + i] == Float(sin(angle) * 1.25))
        }
      }
    }
  }

  @Test(arguments: Level.all, [(64, 32), (20, 7), (96, 16), (2, 1), (80, 33)])
  func rotatesPairs(level: Level, shape: (width: Int, half: Int)) {
    for interleaved in [false, true] { rotates(level, shape.width, shape.half, interleaved) }
  }

  private func rotates(_ level: Level, _ width: Int, _ half: Int, _ interleaved: Bool) {
    let (rows, heads) = (5, 3)
    var noise = Noise(width)
    let x = noise.floats(rows * heads * width)
    let table = Guarded(noise.floats(rows * 2 * half))
    for inPlace in [true, false] {
      let source = Guarded(x)
      let out = inPlace ? source : Guarded<Float>(repeating: .nan, count: x.count)
      call(
        level.kernels.rope,
        act_rope_args(
          out: out.pointer, out_row_stride: heads * width, x: UnsafePointer(source.pointer),
          x_row_stride: heads * width, table: UnsafePointer(table.pointer), rows: Int32(rows),
          heads: Int32(heads), head_width: Int32(width), half: Int32(half),
          interleaved: interleaved ? 1 : 0), keeping: [source, out, table],
        workers: 4)
      var expected = x
      for row in 0..<rows {
        for head in 0..<heads {
          let base = (row * heads + head) * width
          for i in 0..<half {
            let (first, second) =
              interleaved ? (base + 2 * i, base + 2 * i + 1) : (base + i, base + i + half)
            let (a, b) = (x[first], x[second])
            let (c, s) = (table.pointer[row * 2 * half + i], table.pointer[row * 2 * half + half + i])
            expected[first] = a * c - b * s
            expected[second] = b * c + a * s
          }
        }
      }
      #expect(bits(out.array) == bits(expected))
    }
  }
}
