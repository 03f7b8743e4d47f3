import ActKernels
import Testing

@Suite struct CastTests {
  private func cast<In: BitwiseCopyable, Out: BitwiseCopyable>(
    _ level: Level, _ input: [In], _ from: Storage, to: Storage, zero: Out, workers: Int = 1
  ) -> [Out] {
    let source = Guarded(input)
    let out = Guarded(repeating: zero, count: input.count)
    call(
      level.kernels.cast,
      act_cast_args(
        out: UnsafeMutableRawPointer(out.pointer), in: UnsafeRawPointer(source.pointer),
        out_dtype: to.rawValue, in_dtype: from.rawValue, count: Int64(input.count)), keeping: [source, out],
      workers: workers)
    return out.array
  }

  private static let all16 = (0...UInt16.max).map { $0 }

  /// Random bit patterns, neighbours of every f16 and bf16 tie, and the special values.
  private static let floats: [Float] = {
    var noise = Noise(2)
    var floats = (0..<50_000).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &noise)) }
    floats += noise.floats(50_000, -70_000...70_000)
    floats += noise.floats(20_000, -1e-4...1e-4)
    for high in stride(from: UInt32(0), through: 0xffff, by: 7) {
      for low: UInt32 in [0, 0x7fff, 0x8000, 0x8001] { floats.append(Float(bitPattern: high << 16 | low)) }
      let half = Float(Float16(bitPattern: UInt16(high)))
      for step in [half.ulp * 4096, half.ulp * 4095, half.ulp * 4097] { floats.append(half + step) }
    }
    return floats + [0, -0.0, .infinity, -.infinity, .nan, 65504, 65519.996, 65520, .leastNonzeroMagnitude]
  }()

  @Test(arguments: Level.all)
  func widensEveryHalf(level: Level) {
    let f16 = cast(level, Self.all16, .f16, to: .f32, zero: Float(0), workers: 3)
    let bf16 = cast(level, Self.all16, .bf16, to: .f32, zero: Float(0), workers: 3)
    for (pattern, (f16, bf16)) in zip(Self.all16, zip(f16, bf16)) {
      let expected = Float(Float16(bitPattern: pattern))
      if f16.bitPattern != expected.bitPattern && !(f16.isNaN && expected.isNaN) {
        Issue.record("f16 \(pattern): \(f16), expected \(expected)")
      }
      if bf16.bitPattern != UInt32(pattern) << 16 { Issue.record("bf16 \(pattern): \(bf16)") }
    }
  }

  @Test(arguments: Level.all)
  func narrowsToNearestEven(level: Level) {
    let f16 = cast(level, Self.floats, .f32, to: .f16, zero: UInt16(0), workers: 2)
    let bf16 = cast(level, Self.floats, .f32, to: .bf16, zero: UInt16(0), workers: 2)
    for (x, (f16, bf16)) in zip(Self.floats, zip(f16, bf16)) {
      if x.isNaN {
        if !Float16(bitPattern: f16).isNaN { Issue.record("f16 of a NaN: \(f16)") }
        if !Float(bitPattern: UInt32(bf16) << 16).isNaN { Issue.record("bf16 of a NaN: \(bf16)") }
        continue
      }
      if f16 != Float16(x).bitPattern {
        Issue.record("f16 of \(x): \(f16), expected \(Float16(x).bitPattern)")
      }
      if bf16 != nearestBF16(x) { Issue.record("bf16 of \(x): \(bf16), expected \(nearestBF16(x))") }
    }
  }

  /// Fewer blocks than workers, the last one short: nobody writes outside its own.
  @Test(arguments: Level.all, [1, 15, 96, 256, 257, 384, 576])
  func moreWorkersThanBlocks(level: Level, count: Int) {
    let input = Array(Self.floats[50_000..<50_000 + count])
    let expected = input.map { nearestBF16($0) }
    for workers in [1, 2, 3, 4, 16] {
      let found = cast(level, input, .f32, to: .bf16, zero: UInt16(0), workers: workers)
      #expect(found == expected, "\(workers) workers")
    }
  }

  /// By comparison of the two candidates' distances.
  private func nearestBF16(_ x: Float) -> UInt16 {
    let low = UInt16(x.bitPattern >> 16)
    let remainder = x.bitPattern & 0xffff
    if remainder == 0x8000 { return low + (low & 1) }
    return remainder > 0x8000 ? low + 1 : low
  }

  @Test(arguments: Level.all)
  func sameTypeAndHalfToHalf(level: Level) {
    let finite = Self.floats.filter { !$0.isNaN }
    #expect(bits(cast(level, finite, .f32, to: .f32, zero: Float(0))) == bits(finite))
    let halves = Self.all16.filter { !Float16(bitPattern: $0).isNaN }
    #expect(cast(level, halves, .f16, to: .f16, zero: UInt16(0)) == halves)
    let through = cast(level, halves, .f16, to: .bf16, zero: UInt16(0))
    #expect(through == halves.map { nearestBF16(Float(Float16(bitPattern: $0))) })
  }
}
