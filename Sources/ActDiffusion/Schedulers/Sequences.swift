/// Evenly spaced numbers from `start` to `stop`, both included, computed as by NumPy's `linspace`.
func linspace(_ start: Double, _ stop: Double, _ count: Int) -> [Double] {
  guard count > 1 else { return count == 1 ? [start] : [] }
  let step = (stop - start) / Double(count - 1)
  var values = (0..<count).map { Double($0) * step + start }
  values[count - 1] = stop
  return values
}

/// The same in single precision, computed as by PyTorch's: from both ends to the middle.
func linspace(_ start: Float, _ stop: Float, _ count: Int) -> [Float] {
  guard count > 1 else { return count == 1 ? [start] : [] }
  let step = (stop - start) / Float(count - 1)
  return (0..<count).map {
    $0 < count / 2 ? start + step * Float($0) : stop - step * Float(count - 1 - $0)
  }
}

/// Numbers from `start` down to above 0 in steps of `step`, at most `limit`, computed as by NumPy's `arange`.
func descending(from start: Double, by step: Double, atMost limit: Int) -> [Double] {
  // NumPy takes the difference of the first two for the step, which decides what a half rounds to.
  let difference = (start - step) - start
  let count = min(limit, Int((start / step).rounded(.up)))
  return (0..<count).map { start + Double($0) * difference }
}

extension Double {
  /// To the nearest integer, of two the even one, as NumPy rounds.
  var roundedToEven: Double { rounded(.toNearestOrEven) }

  /// The nearest number of single precision.
  var single: Double { Double(Float(self)) }
}

/// The sum of arrays, each by its weight, in double and rounded once. A weight of 0 leaves its array out, be it finite or
/// not.
func sum(_ terms: (weight: Double, values: [Float])...) -> [Float] {
  let terms = terms.filter { $0.weight != 0 }
  guard let count = terms.first?.values.count else { return [] }
  return [Float](unsafeUninitializedCapacity: count) { out, initialized in
    for i in 0..<count {
      var value = 0.0
      for term in terms { value += term.weight * Double(term.values[i]) }
      out[i] = Float(value)
    }
    initialized = count
  }
}
