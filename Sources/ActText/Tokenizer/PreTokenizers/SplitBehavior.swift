/// What becomes of the matches of a pattern that splits a text.
enum SplitBehavior: String, Sendable {
  /// A match is a piece.
  case isolated = "Isolated"
  /// A match is dropped.
  case removed = "Removed"
  /// A match joins the piece before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// A match joins the piece after it.
  case mergedWithNext = "MergedWithNext"
  /// Adjacent matches are one piece.
  case contiguous = "Contiguous"

  /// A part of a text, and whether the pattern matched it.
  typealias Part = (range: Range<Int>, isMatch: Bool)

  /// The pieces of a text whose `parts` follow each other without a gap.
  func pieces(of parts: [Part]) -> [Range<Int>] {
    switch self {
    case .isolated: return parts.map(\.range)
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .contiguous:
      return merging(parts) { isMatch, wasMatch in isMatch == wasMatch }
    case .mergedWithPrevious:
      return merging(parts) { isMatch, wasMatch in isMatch && !wasMatch }
    case .mergedWithNext:
      return merging(parts.reversed()) { isMatch, wasMatch in isMatch && !wasMatch }.reversed()
    }
  }

  /// Joins each part to the piece before it in the given order where `joins(isMatch, wasMatch)`.
  private func merging(_ parts: [Part], _ joins: (Bool, Bool) -> Bool) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var wasMatch = false
    for part in parts {
      if joins(part.isMatch, wasMatch), let last = pieces.popLast() {
        pieces.append(
          min(last.lowerBound, part.range.lowerBound)..<max(last.upperBound, part.range.upperBound))
      } else {
        pieces.append(part.range)
      }
      wasMatch = part.isMatch
    }
    return pieces
  }
}
