import ActFormats
import Glibc

extension Labels {
  /// The probability of each label.
  package func probabilities(_ logits: [Float]) -> [Double] {
    if areIndependent { return logits.map { 1 / (1 + exp(-Double($0))) } }
    let most = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - most) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
