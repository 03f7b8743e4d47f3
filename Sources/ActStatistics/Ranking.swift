/// The area under the receiver operating characteristic of a score: the share of pairs of a positive and a negative in
/// which the positive has the greater one, equal scores counting half.
///
/// Both sides rise and hold at least one value.
public func areaUnderROC(
  positives: UnsafeMutableBufferPointer<Double>, negatives: UnsafeMutableBufferPointer<Double>
) -> Double {
  var (below, upTo) = (0, 0)
  // Twice the pairs that are won, so that a draw is a whole number.
  var wins = 0
  for value in positives {
    while below < negatives.count, negatives[below] < value { below += 1 }
    while upTo < negatives.count, negatives[upTo] <= value { upTo += 1 }
    wins += below + upTo
  }
  return Double(wins) / (2 * Double(positives.count) * Double(negatives.count))
}

/// The average precision of a score: the sum over its thresholds, from the greatest down, of the precision there times
/// what the recall gains by it.
///
/// Both sides rise and hold at least one value.
public func averagePrecision(
  positives: UnsafeMutableBufferPointer<Double>, negatives: UnsafeMutableBufferPointer<Double>
) -> Double {
  var (positive, negative) = (positives.count, negatives.count)
  var sum = 0.0
  while positive > 0 {
    let before = positive
    let threshold = max(positives[positive - 1], negative > 0 ? negatives[negative - 1] : -.infinity)
    while positive > 0, positives[positive - 1] >= threshold { positive -= 1 }
    while negative > 0, negatives[negative - 1] >= threshold { negative -= 1 }
    let found = positives.count - positive
    sum += Double(before - positive) * Double(found) / Double(found + negatives.count - negative)
  }
  return sum / Double(positives.count)
}
