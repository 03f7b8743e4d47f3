import ActFormats
import Glibc

/// How the next token is chosen.
package struct SamplingOptions: Hashable, Sendable {
  /// Divides the logits; 0 takes the likeliest token.
  package var temperature: Float = 0.8
  /// Keeps the `topK` likeliest tokens; 0 keeps all.
  package var topK = 40
  /// Keeps the likeliest tokens whose probabilities reach `topP` together.
  package var topP: Float = 0.95
  /// Drops tokens less likely than `minP` times the likeliest.
  package var minP: Float = 0.05
  /// Divides positive and multiplies negative logits of tokens seen before (arXiv 1909.05858); 1 changes nothing.
  package var repetitionPenalty: Float = 1
  package var seed: UInt64 = 0

  package init() {}

  /// The likeliest token, always.
  package static var greedy: SamplingOptions {
    var options = SamplingOptions()
    options.temperature = 0
    return options
  }
}

/// Chooses tokens, one after another, for one sequence; the same seed and logits give the same tokens.
///
/// In the order of `transformers`: repetition penalty, temperature, top-k, top-p, min-p.
package struct Sampler: Sendable {
  private struct Candidate: Sendable {
    var token: Int32
    var logit: Float

    /// Likelier first; of equals the lower token, so that the order never depends on how it was found.
    static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
      a.logit != b.logit ? a.logit > b.logit : a.token < b.token
    }
  }

  package let options: SamplingOptions
  private var random: SplitMix64
  private var candidates: [Candidate] = []
  private var seen: [Bool]

  package init(_ options: SamplingOptions, vocabularySize: Int) {
    self.options = options
    random = SplitMix64(state: options.seed)
    seen = Array(repeating: false, count: options.repetitionPenalty == 1 ? 0 : vocabularySize)
    if options.temperature > 0 { candidates.reserveCapacity(vocabularySize) }
  }

  /// Tells the sampler of a token in the sequence, for the repetition penalty.
  package mutating func observe(_ token: Int32) {
    if Int(token) < seen.count { seen[Int(token)] = true }
  }

  /// The next token for `logits`, one a token of the vocabulary.
  package mutating func sample(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    let token = options.temperature > 0 ? draw(logits) : likeliest(logits)
    observe(token)
    return token
  }

  private func penalized(_ logit: Float, _ token: Int) -> Float {
    guard token < seen.count, seen[token] else { return logit }
    return logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty
  }

  private func likeliest(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    var best = (token: 0, logit: -Float.infinity)
    for token in logits.indices {
      let logit = penalized(logits[token], token)
      if logit > best.logit { best = (token, logit) }
    }
    return Int32(best.token)
  }

  private mutating func draw(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
    collect(logits)
    if options.topP < 1 || options.minP > 0 { candidates.heapSort(by: Candidate.precedes) }
    let highest = candidates.reduce(-Float.infinity) { max($0, $1.logit) }
    var total: Float = 0
    for index in candidates.indices {
      // Divided last: a temperature near 0 would make the highest infinite.
      candidates[index].logit = exp((candidates[index].logit - highest) / options.temperature)
      total += candidates[index].logit
    }
    if options.topP < 1 {
      var sum: Float = 0
      let enough = options.topP * total
      let kept = candidates.firstIndex { candidate in
        sum += candidate.logit
        return sum >= enough
      }
      if let kept { candidates.removeLast(candidates.count - kept - 1) }
    }
    if options.minP > 0 {
      let least = options.minP * candidates[0].logit
      if let first = candidates.firstIndex(where: { $0.logit < least }) {
        candidates.removeLast(candidates.count - first)
      }
    }
    let weight = candidates.reduce(Float(0)) { $0 + $1.logit }
    var left = Float.random(in: 0..<1, using: &random) * weight
    for candidate in candidates {
      left -= candidate.logit
      if left < 0 { return candidate.token }
    }
    return candidates[candidates.count - 1].token
  }

  /// Fills `candidates` with the `topK` likeliest tokens, or all.
  private mutating func collect(_ logits: UnsafeBufferPointer<Float>) {
    candidates.removeAll(keepingCapacity: true)
    let limit = options.topK > 0 ? options.topK : .max
    for token in logits.indices {
      let candidate = Candidate(token: Int32(token), logit: penalized(logits[token], token))
      if candidates.count < limit {
        candidates.append(candidate)
        if candidates.count == limit { candidates.makeHeap(by: Candidate.precedes) }
      } else if Candidate.precedes(candidate, candidates[0]) {
        candidates[0] = candidate
        candidates.siftDown(from: 0, count: limit, by: Candidate.precedes)
      }
    }
  }
}

extension Array {
  // A binary heap with the last element in the order on top; nothing here allocates.

  fileprivate mutating func siftDown(from start: Int, count: Int, by precedes: (Element, Element) -> Bool) {
    var root = start
    while true {
      var child = 2 * root + 1
      if child >= count { return }
      if child + 1 < count, precedes(self[child], self[child + 1]) { child += 1 }
      if !precedes(self[root], self[child]) { return }
      swapAt(root, child)
      root = child
    }
  }

  fileprivate mutating func makeHeap(by precedes: (Element, Element) -> Bool) {
    for root in stride(from: count / 2 - 1, through: 0, by: -1) {
      siftDown(from: root, count: count, by: precedes)
    }
  }

  fileprivate mutating func heapSort(by precedes: (Element, Element) -> Bool) {
    makeHeap(by: precedes)
    for end in stride(from: count - 1, to: 0, by: -1) {
      swapAt(0, end)
      siftDown(from: 0, count: end, by: precedes)
    }
  }
}
