import ActKernels
import Glibc
import Testing

@Suite struct SinusoidTests {
  @Test func areExactForLargeNumbers() {
    let numbers: [Float] = [0, 0.25, -1.5, 999, 131_071.5]
    let (half, stride) = (33, 3)
    let frequencies = (0..<half).map { pow(10_000, -Double($0) / (Double(half) - 1)) }
    let x = Guarded(numbers.flatMap { [$0, .nan, .nan] })
    let out = Guarded<Float>(repeating: 0, count: numbers.count * (2 * half + 1))
    let memory = Guarded(frequencies)
    for workers in 1...3 {
      for i in 0..<out.count { out.pointer[i] = 7 }
      call(
        act_sinusoids,
        act_sinusoids_args(
          out: out.pointer, out_row_stride: 2 * half + 1, x: UnsafePointer(x.pointer), x_row_stride: stride,
          frequencies: UnsafePointer(memory.pointer), rows: Int32(numbers.count), half: Int32(half)),
        keeping: [x, memory, out], workers: workers)
      for (row, number) in numbers.enumerated() {
        let base = row * (2 * half + 1)
        for i in 0..<half {
          let angle = Double(number) * frequencies[i]
          #expect(out.pointer[base + i] == Float(cos(angle)))
          #expect(out.pointer[base + half + i] == Float(sin(angle)))
        }
        #expect(out.pointer[base + 2 * half] == 7)
      }
    }
  }
}
