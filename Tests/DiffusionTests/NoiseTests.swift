import ActDiffusion
import Testing

@Suite struct NoiseTests {
  /// The known answers of Random123 (`kat_vectors`, philox4x32 of ten rounds).
  @Test func philoxGivesTheKnownAnswers() {
    let ones = UInt32.max
    expect(words((0, 0, 0, 0), key: (0, 0)), [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    expect(
      words((ones, ones, ones, ones), key: (ones, ones)),
      [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
    expect(
      words((0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: (0xA409_3822, 0x299F_31D0)),
      [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
  }

  private func words(_ counter: Philox.Words, key: (UInt32, UInt32)) -> [UInt32] {
    let words = Philox(key: key).words(counter)
    return [words.0, words.1, words.2, words.3]
  }

  private func expect(_ found: [UInt32], _ expected: [UInt32]) { #expect(found == expected) }

  /// The first numbers of a draw, computed by another implementation, in Python's doubles: Philox's words at counters
  /// (0, 0, 3, 2) and (1, 0, 3, 2) under the key (42, 1), and Box and Muller's method on them.
  @Test func normalNumbers() {
    let noise = SampleNoise(seed: 1 << 32 | 42, sample: 3).draw(2, count: 4)
    let expected: [Float] = [
      -1.913_203_716_702_107_9, -0.242_966_288_741_311_32, 1.445_218_937_741_847_8, -2.671_293_571_037_907_5,
    ]
    #expect(noise.count == 4)
    #expect(zip(noise, expected).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) })
  }

  @Test func numbersAreThoseOfTheirPlaces() {
    let noise = SampleNoise(seed: 5, sample: 1)
    let long = noise.draw(0, count: 1001)
    for count in [0, 1, 2, 3, 500, 1000] { #expect(noise.draw(0, count: count) == Array(long.prefix(count))) }
    #expect(SampleNoise(seed: 5, sample: 1).draw(0, count: 1001) == long)
    // Other seeds, samples and draws share nothing.
    var numbers = Set(long)
    for other in [
      SampleNoise(seed: 6, sample: 1).draw(0, count: 1001),
      SampleNoise(seed: 5 | 1 << 40, sample: 1).draw(0, count: 1001),
      SampleNoise(seed: 5, sample: 0).draw(0, count: 1001), noise.draw(1, count: 1001),
    ] {
      #expect(numbers.isDisjoint(with: other))
      numbers.formUnion(other)
    }
  }

  /// Moments of a million numbers, within five standard errors.
  @Test func numbersAreNormal() {
    let numbers = (0..<10).flatMap { SampleNoise(seed: 9, sample: $0).draw($0, count: 100_000) }.map(
      Double.init)
    let count = Double(numbers.count)
    func moment(_ order: Int) -> Double {
      numbers.reduce(0) { sum, x in sum + (0..<order).reduce(1.0) { power, _ in power * x } } / count
    }
    for (order, expected, variance) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      let error = abs(moment(order) - expected)
      #expect(error < 5 * (variance / count).squareRoot())
    }
    let beyond = Double(numbers.count { abs($0) > 3 }) / count
    let surplus = abs(beyond - 0.002_699_8)
    #expect(surplus < 5 * (0.0027 / count).squareRoot())
    // Neighbours, of one pair and of two, say nothing of each other.
    let products = zip(numbers, numbers.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / count
    #expect(abs(products) < 5 / count.squareRoot())
  }
}
