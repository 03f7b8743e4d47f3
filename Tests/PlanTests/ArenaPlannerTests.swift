import ActFormats
import ActLowering
import ActPlan
import Testing
import Workbench

@Suite struct ArenaPlannerTests {
  /// Random buffers, from none to sixty-four, some of them empty, some alive throughout.
  private func lifetimes(seed: UInt64) -> [BufferLifetime] {
    var random = SplitMix64(state: seed)
    return (0..<Int.random(in: 0...64, using: &random)).map { _ in
      let (a, b) = (Int.random(in: 0...40, using: &random), Int.random(in: 0...40, using: &random))
      let byteCount = Bool.random(using: &random) ? Int.random(in: 0...300, using: &random) : 64 << (a % 4)
      return BufferLifetime(byteCount: byteCount, steps: min(a, b)...max(a, b))
    }
  }

  /// Every byte of every step belongs to one buffer at most, counted byte by byte.
  private func sharesAByte(_ layout: ArenaLayout, _ lifetimes: [BufferLifetime]) -> Bool {
    for step in 0...40 {
      var owner = [Int](repeating: -1, count: layout.byteCount)
      for (index, lifetime) in lifetimes.enumerated() where lifetime.steps.contains(step) {
        for byte in layout.offsets[index]..<layout.offsets[index] + lifetime.byteCount {
          if owner[byte] >= 0 { return true }
          owner[byte] = index
        }
      }
    }
    return false
  }

  @Test(arguments: 0..<250)
  func neverSharesAByteOfLiveBuffers(seed: Int) {
    let lifetimes = lifetimes(seed: UInt64(seed))
    let layout = planArena(lifetimes)
    #expect(!sharesAByte(layout, lifetimes))
    #expect(layout.firstOverlap(lifetimes) == nil)
    #expect(layout.offsets.allSatisfy { $0 % bufferAlignment == 0 })
    #expect(layout.byteCount >= arenaBound(lifetimes))
    #expect(layout.byteCount <= planSeparately(lifetimes).byteCount)
    #expect(planArena(lifetimes) == layout, "the same buffers lie elsewhere the second time")
  }

  /// The bytes of all buffers, each a whole number of cache lines.
  private func separateSize(_ lifetimes: [BufferLifetime]) -> Int {
    var size = 0
    for lifetime in lifetimes { size += (lifetime.byteCount + 63) / 64 * 64 }
    return size
  }

  @Test(arguments: 0..<250)
  func boundsAgreeWithCountingEveryStep(seed: Int) {
    let lifetimes = lifetimes(seed: UInt64(seed) + 1000)
    var counted = 0
    for step in 0...40 {
      let alive = lifetimes.filter { $0.steps.contains(step) }
      counted = max(counted, separateSize(alive))
    }
    #expect(arenaBound(lifetimes) == counted)
  }

  @Test(arguments: 0..<250)
  func separateBuffersNeverMeet(seed: Int) {
    let lifetimes = lifetimes(seed: UInt64(seed) + 2000)
    let layout = planSeparately(lifetimes)
    #expect(layout.firstOverlap(lifetimes) == nil)
    #expect(layout.byteCount == separateSize(lifetimes))
  }

  /// The overlap that the verifier of plans looks for is found wherever there is one.
  @Test(arguments: 0..<250)
  func findsOverlapsOfRandomLayouts(seed: Int) {
    let lifetimes = lifetimes(seed: UInt64(seed) + 3000)
    var random = SplitMix64(state: UInt64(seed))
    var layout = planSeparately(lifetimes)
    for index in layout.offsets.indices where Int.random(in: 0..<8, using: &random) == 0 {
      layout.offsets[index] = layout.offsets[Int.random(in: layout.offsets.indices, using: &random)]
    }
    layout.byteCount *= 2
    #expect((layout.firstOverlap(lifetimes) != nil) == sharesAByte(layout, lifetimes))
  }

  /// `[first, last] = bytes` a line, and where each buffer must lie.
  @Test(arguments: [
    // One buffer at 0.
    ("[0, 3] = 100", [0], 128),
    // Sizes round up to 64: the second begins at 64, not at 1, and ends at 128.
    ("[0, 1] = 1\n[0, 1] = 1", [0, 64], 128),
    // A chain of three: the third takes the first's place, for its life ends at step 1. 64 + 64.
    ("[0, 1] = 64\n[1, 2] = 64\n[2, 3] = 64", [0, 64, 0], 128),
    // Reading and writing at one step is being alive at one step: no sharing at step 1. 64 + 64.
    ("[0, 1] = 64\n[1, 1] = 64", [0, 64], 128),
    // Largest first: 256 at 0, then 128 after it, then 64 in the 256's place once that is free.
    ("[2, 3] = 64\n[0, 1] = 256\n[0, 3] = 128", [0, 0, 256], 384),
    // The smallest gap that fits. Alive at step 2: [0, 256) free, [256, 512) busy, [512, 640) free, [640, 768) busy.
    // A buffer of 64 takes the gap of 128 at 512, not that of 256 at 0.
    (
      "[0, 1] = 256\n[0, 2] = 256\n[0, 1] = 128\n[0, 2] = 128\n[2, 2] = 64",
      [0, 256, 512, 640, 512], 768
    ),
    // An empty buffer takes nothing.
    ("[0, 1] = 0\n[0, 1] = 64", [0, 0], 64),
  ])
  func placesByHand(lines: String, offsets: [Int], byteCount: Int) throws {
    let layout = planArena(try lines.split(separator: "\n").map(parse))
    #expect(layout.offsets == offsets)
    #expect(layout.byteCount == byteCount)
  }

  private func parse(_ line: Substring) throws -> BufferLifetime {
    let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
    try #require(numbers.count == 3)
    return BufferLifetime(byteCount: numbers[2], steps: numbers[0]...numbers[1])
  }
}
