/// How the entries of a call are steered: all alike, or each in one of several ways.
package struct EntrySteering {
  package let steerings: [Steering]
  /// Of each entry, which of them; nil: all have the first.
  private let entries: [Int]?

  /// One steering for all entries.
  package init(_ steering: Steering) {
    steerings = [steering]
    entries = nil
  }

  /// Several, and of each entry which it has.
  package init(_ steerings: [Steering], of entries: [Int]) {
    self.steerings = steerings
    self.entries = entries
  }

  package subscript(entry: Int) -> Steering { steerings[entries?[entry] ?? 0] }
}
