import ActIR
import ActPlan

/// Where rows of one kind stand in their entries, and which positions attention sees from there.
struct RowPlaces {
  /// How many rows there is room for.
  private let capacity: Int
  let entries, positions: UnsafeMutablePointer<Int32>
  /// One past what each row sees causally.
  let ends: UnsafeMutablePointer<Int32>
  /// One past the positions of the row's entry, by the kind of rows that are seen.
  let entryEnds: [RowKind: UnsafeMutablePointer<Int32>]
  /// The first position that each row sees, by the number that a layer's attention sees at most; 0 stands for all.
  let begins: [(window: Int, positions: UnsafeMutablePointer<Int32>)]

  /// Room for so many rows, which attend to rows of the kinds `seen`.
  init(capacity: Int, seeing seen: Set<RowKind>, _ windows: [Int], in arguments: TaskArguments) {
    func buffer() -> UnsafeMutablePointer<Int32> { arguments.allocate(Int32.self, count: capacity) }
    self.capacity = capacity
    entries = buffer()
    positions = buffer()
    ends = buffer()
    entryEnds = Dictionary(uniqueKeysWithValues: seen.map { ($0, buffer()) })
    begins = windows.map { ($0, buffer()) }
  }

  /// Says where row `index` stands, and what it sees causally.
  func place(_ position: Int32, of entry: Int32, at index: Int) {
    precondition(index < capacity, "the engine checks how many rows a call has")
    positions[index] = position
    entries[index] = entry
    ends[index] = position + 1
    for (window, positions) in begins {
      positions[index] = window == 0 ? 0 : max(0, position + 1 - Int32(window))
    }
  }

  /// Places the rows of an entry from `first` on, and says what they see of it.
  func place(_ kind: RowKind, of size: EntrySize, entry: Int, from first: Int) {
    let count = size.count(kind)
    for position in 0..<count { place(Int32(position), of: Int32(entry), at: first + position) }
    see(size, count, from: first)
  }

  /// Says what `count` rows of an entry, from `first` on, see of it.
  func see(_ size: EntrySize, _ count: Int, from first: Int) {
    for (kind, ends) in entryEnds {
      (ends + first).update(repeating: Int32(size.count(kind)), count: count)
    }
  }
}

extension Plan {
  /// The kinds of rows that keys and values or queries of entries are of, each with those that it attends to.
  var attendingRows: [RowKind: Set<RowKind>] {
    var kinds: [RowKind: Set<RowKind>] = [:]
    for value in values {
      switch value.op {
      case .kvPack: if let kind = value.type.rowKind { kinds[kind, default: []].formUnion([]) }
      case .attention:
        guard let own = values[value.inputs[0]].type.rowKind, let seen = values[value.inputs[1]].type.rowKind
        else { continue }
        kinds[own, default: []].insert(seen)
      default: continue
      }
    }
    return kinds
  }
}
