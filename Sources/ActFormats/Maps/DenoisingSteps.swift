/// Some of the steps of denoising: calls of the denoiser, counted from 0, the noisiest.
package struct DenoisingSteps: Hashable, Sendable, LosslessStringConvertible {
  /// What is parsed, in words.
  package static let expected = "all, or steps from 0 as in 0, 0-3, 2- and 0,4-6"
  /// More steps than any run has.
  private static let mostSteps = 1 << 20

  /// Ascending and apart; the last may reach beyond every run.
  private let ranges: [ClosedRange<Int>]

  /// Every step.
  package static let all = DenoisingSteps([0...Int.max])
  /// The noisiest step.
  package static let first = DenoisingSteps([0...0])

  private init(_ ranges: [ClosedRange<Int>]) {
    var merged: [ClosedRange<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, last.upperBound == .max || range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  /// Parses `all`, `0`, `0-3`, `2-`, and several of these with commas between them; nil where it is none of these.
  package init?(_ text: String) {
    if text == "all" {
      self = .all
      return
    }
    var ranges: [ClosedRange<Int>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      guard let lower = Self.step(bounds[0]) else { return nil }
      if bounds.count == 1 {
        ranges.append(lower...lower)
      } else if bounds[1].isEmpty {
        ranges.append(lower...Int.max)
      } else {
        guard let upper = Self.step(bounds[1]), upper >= lower else { return nil }
        ranges.append(lower...upper)
      }
    }
    self.init(ranges)
  }

  private static func step(_ text: Substring) -> Int? {
    guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let step = Int(text), step < mostSteps else {
      return nil
    }
    return step
  }

  package func contains(_ step: Int) -> Bool { ranges.contains { $0.contains(step) } }

  /// The steps of a run that has `count`.
  package func indices(of count: Int) -> [Int] { (0..<count).filter(contains) }

  /// The last step that it names; nil where it reaches to the end of every run.
  package var last: Int? { ranges.last.flatMap { $0.upperBound == .max ? nil : $0.upperBound } }

  /// As it parses.
  package var description: String {
    if self == .all { return "all" }
    return ranges.map { range in
      if range.upperBound == .max { return "\(range.lowerBound)-" }
      return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }.joined(separator: ",")
  }
}
