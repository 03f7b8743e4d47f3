/// One token of a call: which, where in which sequence, and under which strengths.
package struct Row: Hashable, Sendable {
  package var token: Int32
  /// Counted from 0 at the start of the sequence.
  package var position: Int32
  /// A sequence opened with ``Engine/openSequence(capacity:)``.
  package var sequence: Int32
  /// The slot whose strengths apply; 0 is the bare model.
  package var slot: Int32

  package init(token: Int32, position: Int32, sequence: Int32, slot: Int32 = 0) {
    self.token = token
    self.position = position
    self.sequence = sequence
    self.slot = slot
  }
}

/// The rows of a step whose logits are computed, in their order.
package enum LogitRows: Hashable, Sendable {
  case none, all, last
  /// These, by index.
  case rows([Int32])

  func count(of rowCount: Int) -> Int {
    switch self {
    case .none: 0
    case .all: rowCount
    case .last: 1
    case .rows(let rows): rows.count
    }
  }

  /// The row whose logits come at `index`, below ``count(of:)``.
  func row(_ index: Int, of rowCount: Int) -> Int32 {
    switch self {
    case .none, .all: Int32(index)
    case .last: Int32(rowCount - 1)
    case .rows(let rows): rows[index]
    }
  }
}
