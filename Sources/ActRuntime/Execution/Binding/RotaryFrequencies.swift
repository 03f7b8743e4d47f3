import ActIR
import Glibc

extension RotaryEmbedding {
  /// Radians a position for every pair of channels: `[width / 2]`.
  var frequencies: [Double] {
    (0..<width / 2).map { pair in
      let frequency = 1 / pow(base, Double(2 * pair) / Double(width))
      switch scaling {
      case .none: return frequency
      case .linear(let factor): return frequency / factor
      case .perPair(let factors): return frequency / factors[pair]
      case .llama3(let factor, let low, let high, let context):
        let wavelengths = Double(context) * frequency / (2 * .pi)
        if wavelengths < low { return frequency / factor }
        if wavelengths > high { return frequency }
        let ramp = (wavelengths - low) / (high - low)
        return (1 - ramp) * frequency / factor + ramp * frequency
      }
    }
  }
}
