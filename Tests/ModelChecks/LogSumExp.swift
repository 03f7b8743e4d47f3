import Glibc

/// The logarithm of the sum of exponentials, in double.
package func logSumExp(_ values: some Collection<Float>) -> Float {
  let highest = Double(values.max() ?? 0)
  return Float(highest + log(values.reduce(0) { $0 + exp(Double($1) - highest) }))
}
