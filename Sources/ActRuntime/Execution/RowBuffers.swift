import ActIR
import ActPlan

/// The rows and entries of the current call, at fixed addresses that the arguments of the kernels contain.
struct RowBuffers {
  let tokens: UnsafeMutablePointer<Int32>
  /// The rows that are chosen.
  let chosenRows: UnsafeMutablePointer<Int32>
  /// Where the rows `T` stand in their entries, and the slot of each.
  private let text: RowPlaces
  private let textSlots: UnsafeMutablePointer<Int32>
  /// Where the rows of every kind that the plan has stand in their entries.
  private let places: [RowKind: RowPlaces]
  /// The slot of each of what a symbol of the plan counts.
  private let slots: [String: UnsafeMutablePointer<Int32>]
  /// Of rows that the plan joins, by the joined kind and that of each part, where each row is among the joined ones.
  private let joined: [RowKind: [(part: RowKind, rows: UnsafeMutablePointer<Int32>)]]

  /// Buffers for calls of at most `rows` rows, also of a plan that begins where rows are chosen and counts none by `T`.
  init(_ plan: Plan, rows: Int, in arguments: TaskArguments) {
    func buffer(_ count: Int) -> UnsafeMutablePointer<Int32> {
      arguments.allocate(Int32.self, count: count)
    }
    let windows = Set(plan.attentions.map(\.window)).union([0]).sorted()
    let (entries, seen) = (plan.limit("B") ?? 1, plan.attendingRows)
    var places: [RowKind: RowPlaces] = [:]
    for case .fixed(let count) in seen.keys {
      let kind = RowKind.fixed(count)
      let fixed = RowPlaces(capacity: entries * count, seeing: seen[kind] ?? [], windows, in: arguments)
      for entry in 0..<entries { fixed.place(kind, of: EntrySize(), entry: entry, from: entry * count) }
      places[kind] = fixed
    }
    var slots: [String: UnsafeMutablePointer<Int32>] = [:]
    var joined: [RowKind: [(part: RowKind, rows: UnsafeMutablePointer<Int32>)]] = [:]
    for limit in plan.limits {
      slots[limit.symbol] = buffer(limit.value)
      guard let parts = RowKind.parts(of: limit.symbol) else { continue }
      let kind = RowKind.ragged(limit.symbol)
      if parts.count > 1 { joined[kind] = parts.map { ($0, buffer(plan.mostRows(of: $0) ?? 1)) } }
      places[kind] = RowPlaces(capacity: limit.value, seeing: seen[kind] ?? [], windows, in: arguments)
    }
    text = places[.ragged("T")] ?? RowPlaces(capacity: rows, seeing: [], windows, in: arguments)
    textSlots = slots["T"] ?? buffer(rows)
    tokens = buffer(rows)
    chosenRows = buffer(plan.limit("R") ?? 1)
    self.joined = joined
    self.places = places
    self.slots = slots
  }

  /// Where the rows of a kind stand in their entries; nil for rows that no attention reads.
  func places(of kind: RowKind?) -> RowPlaces? { kind.flatMap { places[$0] } }

  func set(_ row: Row, at index: Int) {
    text.place(row.position, of: row.sequence, at: index)
    tokens[index] = row.token
    textSlots[index] = row.slot
  }

  /// Places the rows of whole entries.
  ///
  /// - Parameters:
  ///   - sizes: how many rows each entry has.
  ///   - entrySlots: the slot of each entry.
  ///   - rowSlots: the slot of each row `T`; nil: that of its entry.
  func place(_ sizes: [EntrySize], slots entrySlots: [Int32], rowSlots: [Int32]?) {
    slots["B"]?.update(from: entrySlots, count: entrySlots.count)
    for (kind, places) in places {
      var first = 0
      for (entry, size) in sizes.enumerated() {
        let count = size.count(kind)
        if case .ragged(let symbol) = kind {
          places.place(kind, of: size, entry: entry, from: first)
          (slots(of: symbol) + first).update(repeating: entrySlots[entry], count: count)
        } else {
          places.see(size, count, from: first)
        }
        first += count
      }
    }
    if let rowSlots { textSlots.update(from: rowSlots, count: rowSlots.count) }
    join(sizes)
  }

  /// Says where the rows of each part are among joined ones: in every entry one part after the other.
  private func join(_ sizes: [EntrySize]) {
    for parts in joined.values {
      var next: Int32 = 0
      var starts = parts.map { _ in 0 }
      for size in sizes {
        for (index, (part, rows)) in parts.enumerated() {
          for _ in 0..<size.count(part) {
            rows[starts[index]] = next
            starts[index] += 1
            next += 1
          }
        }
      }
    }
  }

  /// Where the rows of one kind are among joined ones; nil for kinds that the plan does not join.
  func rows(of part: RowKind?, in kind: RowKind?) -> UnsafeMutablePointer<Int32>? {
    kind.flatMap { joined[$0] }?.first { $0.part == part }?.rows
  }

  func choose(_ row: Int32, at index: Int) {
    chosenRows[index] = row
    slots(of: "R")[index] = textSlots[Int(row)]
  }

  /// The position of one of what a symbol counts, in its entry.
  func position(_ index: Int, of symbol: String) -> Int32 {
    if symbol == "R" { return text.positions[Int(chosenRows[index])] }
    return places[.ragged(symbol)]?.positions[index] ?? 0
  }

  /// The buffer of an input of whole numbers that count a symbol; nil for one that the caller gives.
  func buffer(of role: InputRole, _ symbol: String) -> UnsafeMutablePointer<Int32>? {
    switch role {
    case .token: tokens
    case .position: places[.ragged(symbol)]?.positions
    case .entry: places[.ragged(symbol)]?.entries
    case .chosen, .ending: chosenRows
    case .sample, .timestep, .guidance, .guidanceEmbedding, .label, .place, .filling, .textLength, .given: nil
    }
  }

  /// The slot of each of what a symbol counts.
  func slots(of symbol: String) -> UnsafeMutablePointer<Int32> { slots[symbol] ?? textSlots }
}
