/// How far values are from reference values.
package struct Deviation: Hashable, Sendable, CustomStringConvertible {
  /// The squared error over the squared reference: `Σ (x - r)² / Σ r²`.
  package var normalizedSquaredError: Double
  /// The largest error over the reference's root mean square.
  package var largestRelative: Double

  /// The deviation of `values` from `reference`; infinite where their counts differ or a value is not finite.
  package init(_ values: [Float], from reference: [Float]) {
    var (error, power, largest) = (0.0, 0.0, 0.0)
    for (value, expected) in zip(values, reference) {
      let difference = Double(value) - Double(expected)
      error += difference * difference
      power += Double(expected) * Double(expected)
      largest = max(largest, difference.magnitude)
    }
    let comparable = values.count == reference.count && !values.isEmpty && error.isFinite && power > 0
    normalizedSquaredError = comparable ? error / power : .infinity
    largestRelative = comparable ? largest / (power / Double(reference.count)).squareRoot() : .infinity
  }

  package var description: String { "NMSE \(normalizedSquaredError), largest \(largestRelative)" }
}

/// Whether two arrays hold the same bits; unlike `==`, tells -0 from 0.
package func sameBits(_ a: [Float], _ b: [Float]) -> Bool { a.map(\.bitPattern) == b.map(\.bitPattern) }
