import ActIR
import ActPlan
import Testing

/// How many positions a plan's caches hold.
@Suite struct PlanCacheTests {
  /// The small plan for calls of so many rows and a context, with one attention of each of `windows` over its cache.
  private func plan(rows: Int, context: Int, windows: [Int]) throws -> Plan {
    var plan = try Plan(parsing: smallPlan)
    plan.limits = plan.limits.map { limit in
      var limit = limit
      limit.value = ["T": rows, "S": context][limit.symbol] ?? limit.value
      return limit
    }
    plan.contextLength = context
    let index = try #require(
      plan.values.firstIndex { if case .attention = $0.op { true } else { false } })
    for (number, window) in windows.enumerated() {
      var value = plan.values[index]
      value.op = .attention(Attention(scale: 0.5, window: window))
      if number == 0 { plan.values[index] = value } else { plan.values.append(value) }
    }
    return plan
  }

  /// As many blocks as the rows of a call may see together, wherever they begin.
  @Test(arguments: [1, 2, 4, 63, 64, 65, 66, 100, 512], [1, 5, 64, 65, 130, 1000])
  func ringsHoldWhatACallSees(rows: Int, window: Int) throws {
    let cache = try #require(try plan(rows: rows, context: 5000, windows: [window]).caches.first)
    let most = (0..<64).map { first in (first + window + rows - 2) / 64 + 1 }.max()
    #expect(cache.isRing)
    #expect(cache.blockCount == most)
    #expect(cache.window == window)
    #expect(cache.blockCount(capacity: 1) == 1)
    #expect(cache.blockCount(capacity: 5000) == most)
  }

  @Test(arguments: [
    // All readers must see a window, and the widest decides.
    ([0], 0), ([300, 0], 0), ([0, 300], 0), ([300, 5], 300), ([5, 300], 300),
    // A window that the context does not fill, and one with room for little more than the context.
    ([1024], 0), ([5000], 0), ([Int(Int32.max)], 0), ([891], 0), ([890], 890),
  ])
  func whereAllReadersSeeAWindow(windows: [Int], expected: Int) throws {
    let cache = try #require(try plan(rows: 8, context: 1024, windows: windows).caches.first)
    #expect(cache.isRing == (expected > 0))
    if expected > 0 { #expect(cache.window == expected) } else { #expect(cache.blockCount == 16) }
  }

  /// Blocks of 64 positions of 2 heads of 16 padded channels in bf16, keys and values: 8192 bytes.
  @Test func countsBytes() throws {
    let full = try plan(rows: 4, context: 1000, windows: [0])
    for (capacity, blocks) in [(1, 1), (64, 1), (65, 2), (1000, 16)] {
      #expect(full.cacheByteCount(capacity: capacity) == blocks * 8192)
    }
    let ring = try plan(rows: 4, context: 1000, windows: [100])
    for (capacity, blocks) in [(1, 1), (100, 2), (1000, 3)] {
      #expect(ring.cacheByteCount(capacity: capacity) == blocks * 8192)
    }
  }

  @Test func countsNoBytesWhereTheyOverflow() throws {
    var plan = try plan(rows: 4, context: 1 << 24, windows: [0])
    let index = try #require(
      plan.values.firstIndex { if case .kvAppend = $0.op { true } else { false } })
    plan.values[index].op = .kvAppend(KeyValues(.f32, heads: 1 << 23, headWidth: 1 << 23), cache: 0)
    #expect(plan.cacheByteCount(capacity: plan.contextLength) == nil)
  }
}
