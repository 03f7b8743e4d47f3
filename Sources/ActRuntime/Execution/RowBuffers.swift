import ActIR
import ActPlan

/// The rows and entries of the current call, at fixed addresses that the arguments of the kernels contain.
struct RowBuffers {
  /// How many rows there is room for.
  private let capacity: Int
  let tokens, positions, entries, slots: UnsafeMutablePointer<Int32>
  /// The positions that each row attends to end before this one: causally, its own is the last.
  let ends: UnsafeMutablePointer<Int32>
  /// The positions of each row's entry end before this one, where a call holds entries whole.
  let entryEnds: UnsafeMutablePointer<Int32>
  /// The first position that each row attends to, by the number of positions that a layer's attention sees at most; 0
  /// stands for all.
  let begins: [(window: Int, positions: UnsafeMutablePointer<Int32>)]
  /// The rows that are chosen, and the slot of each.
  let chosenRows, chosenSlots: UnsafeMutablePointer<Int32>
  /// The slot of each entry.
  let entrySlots: UnsafeMutablePointer<Int32>
  /// Where the rows of entries stand that each have so many, by that number.
  private let fixedPlaces: [Int: RowPlaces]

  /// Buffers for calls of at most `rows` rows, also of a plan that begins where rows are chosen and counts none by `T`.
  init(_ plan: Plan, rows: Int, in arguments: TaskArguments) {
    func buffer(_ symbol: String) -> UnsafeMutablePointer<Int32> {
      arguments.allocate(Int32.self, count: symbol == "T" ? rows : plan.limit(symbol) ?? 1)
    }
    capacity = rows
    tokens = buffer("T")
    positions = buffer("T")
    entries = buffer("T")
    slots = buffer("T")
    ends = buffer("T")
    entryEnds = buffer("T")
    begins = Set(plan.attentions.map(\.window)).union([0]).sorted().map { ($0, buffer("T")) }
    chosenRows = buffer("R")
    chosenSlots = buffer("R")
    entrySlots = buffer("B")
    let begins = begins
    fixedPlaces = Dictionary(
      uniqueKeysWithValues: Set(plan.values.compactMap(\.packedRowsPerEntry)).map { count in
        (count, RowPlaces(entries: plan.limit("B") ?? 1, rows: count, begins.map(\.window), in: arguments))
      })
  }

  /// Where the rows that a value has stand in their entries: the call's rows, or so many of each entry.
  func places(of type: TensorType) -> RowPlaces {
    if let count = type.rowsPerEntry, let places = fixedPlaces[count] { return places }
    return RowPlaces(
      entries: entries, positions: positions, ends: ends, entryEnds: entryEnds, begins: begins)
  }

  func set(_ row: Row, at index: Int) {
    place(row.position, of: row.sequence, slot: row.slot, at: index)
    tokens[index] = row.token
  }

  /// Says where row `index` stands, and what it sees causally.
  func place(_ position: Int32, of entry: Int32, slot: Int32, at index: Int) {
    precondition(index < capacity, "the engine checks how many rows a call has")
    positions[index] = position
    entries[index] = entry
    slots[index] = slot
    ends[index] = position + 1
    for (window, positions) in begins {
      positions[index] = window == 0 ? 0 : max(0, position + 1 - Int32(window))
    }
  }

  func choose(_ row: Int32, at index: Int) {
    chosenRows[index] = row
    chosenSlots[index] = slots[Int(row)]
  }

  /// The buffer of an input of whole numbers; nil for one that the caller gives.
  func buffer(of role: InputRole) -> UnsafeMutablePointer<Int32>? {
    switch role {
    case .token: tokens
    case .position: positions
    case .entry: entries
    case .chosen, .ending: chosenRows
    case .sample, .timestep, .given: nil
    }
  }

  /// The slot of each of what a symbol counts.
  func slots(of symbol: String) -> UnsafeMutablePointer<Int32> {
    switch symbol {
    case "R": chosenSlots
    case "B": entrySlots
    default: slots
    }
  }
}
