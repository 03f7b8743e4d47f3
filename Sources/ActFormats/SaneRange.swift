/// Figures of a model outside these are taken for a damaged file: what they give is no number, or no model was made so.
package enum SaneRange {
  /// What a norm adds to a mean of squares; 0 would divide by zero where all channels are.
  package static let epsilon = 1e-20...1.0
  /// `rope_theta`.
  package static let rotaryBase = 1.0...1e16
  /// By what positions or frequencies are divided to reach a longer context.
  package static let rotaryFactor = 1.0...1e6
  /// Bounds of the band of frequencies that a scaling leaves alone or changes in part, in turns over the context.
  package static let rotaryBand = 1e-6...1e6
  /// Sizes: channels, layers, tokens.
  package static let size = 1...(1 << 24)
}

extension ClosedRange<Double> {
  /// As in error messages.
  package var spelling: String { "\(lowerBound) to \(upperBound)" }
}
