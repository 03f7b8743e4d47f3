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

/// The rows of the current call, at fixed addresses that the arguments of the kernels contain.
struct RowBuffers {
  let tokens, positions, sequences, slots: UnsafeMutablePointer<Int32>
  /// The positions that each row attends to end before this one: its own is the last.
  let ends: UnsafeMutablePointer<Int32>
  /// The first position that each row attends to, by the number of positions that a layer's attention sees at most; 0
  /// stands for all.
  let begins: [(window: Int, positions: UnsafeMutablePointer<Int32>)]
  /// The rows whose logits are wanted, and the slot of each.
  let logitRows, logitSlots: UnsafeMutablePointer<Int32>

  init(rows: Int, logitRows count: Int, windows: Set<Int>, in arguments: TaskArguments) {
    tokens = arguments.allocate(Int32.self, count: rows)
    positions = arguments.allocate(Int32.self, count: rows)
    sequences = arguments.allocate(Int32.self, count: rows)
    slots = arguments.allocate(Int32.self, count: rows)
    ends = arguments.allocate(Int32.self, count: rows)
    begins = windows.sorted().map { ($0, arguments.allocate(Int32.self, count: rows)) }
    logitRows = arguments.allocate(Int32.self, count: count)
    logitSlots = arguments.allocate(Int32.self, count: count)
  }

  func set(_ row: Row, at index: Int) {
    tokens[index] = row.token
    positions[index] = row.position
    sequences[index] = row.sequence
    slots[index] = row.slot
    ends[index] = row.position + 1
    for (window, positions) in begins {
      positions[index] = window == 0 ? 0 : max(0, row.position + 1 - Int32(window))
    }
  }

  func wantLogits(of row: Int32, at index: Int) {
    logitRows[index] = row
    logitSlots[index] = slots[Int(row)]
  }

  /// The buffer of a plan's input.
  func input(_ name: String) -> UnsafeMutablePointer<Int32> {
    switch name {
    case "tokens": tokens
    case "positions": positions
    case "logit_rows": logitRows
    default: preconditionFailure("verified plans have no input `\(name)`")
    }
  }
}
