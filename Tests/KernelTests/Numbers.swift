import ActFormats
import ActKernels
import Testing

/// Reproducible random numbers.
struct Noise: RandomNumberGenerator {
  private var random: SplitMix64

  init(_ seed: Int) { random = SplitMix64(state: UInt64(bitPattern: Int64(seed))) }

  mutating func next() -> UInt64 { random.next() }

  mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in .random(in: range, using: &self) }
  }
}

/// The squared error relative to the squared reference.
func nmse(_ actual: [Float], _ expected: [Double]) -> Double {
  var error = 0.0
  var energy = 0.0
  for (a, e) in zip(actual, expected) {
    error += (Double(a) - e) * (Double(a) - e)
    energy += e * e
  }
  guard actual.count == expected.count, !error.isNaN else { return .infinity }
  return energy == 0 ? error : error / energy
}

func bits(_ floats: some Sequence<Float>) -> [UInt32] { floats.map(\.bitPattern) }

/// The distance of a float from a double in units in the last place of the float nearest to it.
func ulps(_ actual: Float, _ expected: Double) -> Double {
  let nearest = Float(expected)
  if actual == nearest || (actual.isNaN && nearest.isNaN) { return 0 }
  guard nearest.isFinite, actual.isFinite else { return .infinity }
  return abs(Double(actual) - expected) / Double(nearest.ulp)
}

/// A float type of weights.
enum Storage: Int32, CaseIterable {
  case f32 = 0
  case bf16 = 1
  case f16 = 2

  /// The bytes of `floats`, rounded by truncation for bf16, and what they stand for.
  func encode(_ floats: [Float]) -> (bytes: [UInt8], values: [Float]) {
    switch self {
    case .f32: (bytes(of: floats), floats)
    case .bf16:
      (
        bytes(of: floats.map { UInt16($0.bitPattern >> 16) }),
        floats.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
      )
    case .f16: (bytes(of: floats.map { Float16($0) }), floats.map { Float(Float16($0)) })
    }
  }

  private func bytes<T: BitwiseCopyable>(of elements: [T]) -> [UInt8] {
    elements.withUnsafeBytes { Array($0) }
  }
}
