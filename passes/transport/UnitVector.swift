/// The unit vector from one mean to another, channel by channel; nil where they are the same.
///
/// It is scaled before it is squared, so that no square overflows or vanishes.
public func unitVector(from source: [Double], to target: [Double]) -> [Double]? {
  unitVector(along: zip(source, target).map { $1 - $0 })
}

/// The unit vector along a vector; nil for one of zeros.
public func unitVector(along vector: [Double]) -> [Double]? {
  let largest = vector.reduce(0) { max($0, $1.magnitude) }
  guard largest > 0 else { return nil }
  let scaled = vector.map { $0 / largest }
  let length = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return scaled.map { $0 / length }
}
