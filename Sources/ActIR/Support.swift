/// Where a map applies: everywhere, or per channel between two quantiles of the source samples, bounds included.
package enum Support: Hashable, Sendable {
  case all
  /// Percentiles, `0 ... 100`.
  case quantiles(lower: Double, upper: Double)

  /// Parses `all` or `q0-100`; nil where it is neither, or the bounds do not rise inside 0 to 100.
  package init?(_ text: String) {
    if text == "all" {
      self = .all
      return
    }
    guard text.hasPrefix("q") else { return nil }
    let bounds = text.dropFirst().split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
    guard bounds.count == 2, let lower = bounds[0], let upper = bounds[1], 0 <= lower, lower < upper,
      upper <= 100
    else { return nil }
    self = .quantiles(lower: lower, upper: upper)
  }
}

extension Support: RawRepresentable, CustomStringConvertible {
  package init?(rawValue: String) { self.init(rawValue) }

  /// The text that parses to it.
  package var rawValue: String {
    func percent(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
    return switch self {
    case .all: "all"
    case .quantiles(let lower, let upper): "q\(percent(lower))-\(percent(upper))"
    }
  }

  package var description: String { rawValue }
}
