import ActFormats
import ActRuntime
import Glibc
import ModelChecks
import Testing
import Workbench

@Suite struct SamplerTests {
  /// The distribution that the options mean, by their definitions, slowly, in double: token and probability.
  private func distribution(
    _ logits: [Float], _ options: SamplingOptions, seen: Set<Int> = []
  ) -> [Int: Double] {
    var scores = logits.enumerated().map { token, logit -> Double in
      let penalty = seen.contains(token) ? Double(options.repetitionPenalty) : 1
      return (logit > 0 ? Double(logit) / penalty : Double(logit) * penalty) / Double(options.temperature)
    }
    /// Likelier first; of equals the lower token.
    func ranked() -> [Int] {
      scores.indices.filter { scores[$0] > -.infinity }
        .sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    }
    func probabilities() -> [Double] {
      let weights = scores.map { exp($0 - scores.max()!) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    if options.topK > 0 { for token in ranked().dropFirst(options.topK) { scores[token] = -.infinity } }
    if options.topP < 1 {
      let probability = probabilities()
      var sum = 0.0
      for token in ranked() {
        if sum >= Double(options.topP) { scores[token] = -.infinity }
        sum += probability[token]
      }
    }
    if options.minP > 0 {
      let probability = probabilities()
      let least = Double(options.minP) * probability.max()!
      for token in ranked() where probability[token] < least { scores[token] = -.infinity }
    }
    let probability = probabilities()
    return Dictionary(uniqueKeysWithValues: ranked().map { ($0, probability[$0]) })
  }

  private func draw(_ logits: [Float], _ options: SamplingOptions, _ count: Int, seen: Set<Int> = [])
    -> [Int32]
  {
    (0..<count).map { index in
      var options = options
      options.seed = UInt64(index)
      var sampler = Sampler(options, vocabularySize: logits.count)
      for token in seen { sampler.observe(Int32(token)) }
      return logits.withUnsafeBufferPointer { sampler.sample($0) }
    }
  }

  static let cases: [(name: String, change: @Sendable (inout SamplingOptions) -> Void)] = [
    ("plain", { _ in }),
    ("hot", { $0.temperature = 2 }),
    ("cold", { $0.temperature = 0.3 }),
    ("top-k", { $0.topK = 5 }),
    ("top-k of 1", { $0.topK = 1 }),
    ("top-k beyond the vocabulary", { $0.topK = 1000 }),
    ("top-p", { $0.topP = 0.6 }),
    ("top-p of nearly nothing", { $0.topP = 1e-6 }),
    ("min-p", { $0.minP = 0.2 }),
    ("penalty", { $0.repetitionPenalty = 1.7 }),
    ("reward", { $0.repetitionPenalty = 0.6 }),
    (
      "everything",
      {
        $0.temperature = 1.3
        $0.topK = 12
        $0.topP = 0.8
        $0.minP = 0.05
        $0.repetitionPenalty = 1.3
      }
    ),
  ]

  /// 20,000 draws: only tokens of the distribution, each within five deviations of its share.
  @Test(arguments: cases.indices)
  func drawsFollowTheDefinitions(index: Int) {
    var options = SamplingOptions()
    (options.temperature, options.topK, options.topP, options.minP) = (1, 0, 1, 0)
    Self.cases[index].change(&options)
    var random = SplitMix64(state: 4)
    let logits = (0..<40).map { _ in Float.random(in: -3...3, using: &random) }
    let seen: Set = [0, 7, 21, 22, 23]
    let expected = distribution(logits, options, seen: seen)
    let count = 20_000
    var drawn: [Int: Int] = [:]
    for token in draw(logits, options, count, seen: seen) { drawn[Int(token), default: 0] += 1 }
    let name = Self.cases[index].name
    #expect(Set(drawn.keys).isSubset(of: expected.keys), "\(name)")
    for (token, probability) in expected {
      let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
      let difference = (Double(drawn[token] ?? 0) - Double(count) * probability).magnitude
      #expect(difference <= 5 * deviation + 1, "\(name), token \(token)")
    }
  }

  /// Of equal logits the lower tokens stay, whatever the heap does with them.
  @Test func tiesAreBrokenByToken() {
    var options = SamplingOptions()
    (options.temperature, options.topK, options.topP, options.minP) = (1, 3, 1, 0)
    var logits = [Float](repeating: 1, count: 20)
    #expect(Set(draw(logits, options, 500)) == [0, 1, 2])
    logits[11] = 2
    #expect(Set(draw(logits, options, 500)) == [0, 1, 11])
    (options.topK, options.topP) = (0, 0.2)
    #expect(Set(draw([Float](repeating: 0, count: 10), options, 500)) == [0, 1])
    #expect(draw([0, 1, 1, 1], .greedy, 1) == [1])
  }

  @Test func greedyTakesTheLikeliestAfterThePenalty() {
    var options = SamplingOptions.greedy
    options.repetitionPenalty = 2
    var sampler = Sampler(options, vocabularySize: 4)
    // 3 falls to 1.5, 2 to 1, -1 to -2: each token once, then again by rank.
    let tokens = [Float(3), 2, -1, -5].withUnsafeBufferPointer { logits in
      (0..<3).map { _ in sampler.sample(logits) }
    }
    #expect(tokens == [0, 1, 0])
    sampler = Sampler(options, vocabularySize: 2)
    sampler.observe(0)
    #expect([Float(-1), -1.5].withUnsafeBufferPointer { sampler.sample($0) } == 1)
  }

  @Test func seedsDecide() {
    var options = SamplingOptions()
    let logits = [Float](repeating: 0, count: 100)
    func tokens(_ seed: UInt64) -> [Int32] {
      options.seed = seed
      var sampler = Sampler(options, vocabularySize: logits.count)
      return logits.withUnsafeBufferPointer { logits in (0..<32).map { _ in sampler.sample(logits) } }
    }
    #expect(tokens(1) == tokens(1))
    #expect(tokens(1) != tokens(2))
    #expect(Set(tokens(1)).count > 10)
  }

  /// Logits of −∞, as a grammar leaves them, are never drawn.
  @Test func impossibleTokensAreNotDrawn() {
    var logits = [Float](repeating: -.infinity, count: 50)
    logits[13] = 0.5
    logits[31] = 0.4
    for topK in [0, 1, 40] {
      var options = SamplingOptions()
      options.topK = topK
      #expect(Set(draw(logits, options, 200)).isSubset(of: [13, 31]))
    }
  }
}
