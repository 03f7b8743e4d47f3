import ActIR
import ActPlan

/// Where rows stand in their entries, and which positions attention sees from there.
struct RowPlaces {
  let entries, positions: UnsafeMutablePointer<Int32>
  /// One past what each row sees causally.
  let ends: UnsafeMutablePointer<Int32>
  /// One past the positions of the row's entry.
  let entryEnds: UnsafeMutablePointer<Int32>
  /// The first position that each row sees, by the number that it sees at most; 0 stands for all.
  let begins: [(window: Int, positions: UnsafeMutablePointer<Int32>)]

  init(
    entries: UnsafeMutablePointer<Int32>, positions: UnsafeMutablePointer<Int32>,
    ends: UnsafeMutablePointer<Int32>, entryEnds: UnsafeMutablePointer<Int32>,
    begins: [(window: Int, positions: UnsafeMutablePointer<Int32>)]
  ) {
    self.entries = entries
    self.positions = positions
    self.ends = ends
    self.entryEnds = entryEnds
    self.begins = begins
  }

  /// Those of entries that each have so many rows, one entry behind the other, as images have.
  init(entries count: Int, rows: Int, _ windows: [Int], in arguments: TaskArguments) {
    func buffer(_ value: (_ position: Int) -> Int) -> UnsafeMutablePointer<Int32> {
      let buffer = arguments.allocate(Int32.self, count: count * rows)
      for index in 0..<count * rows { buffer[index] = Int32(value(index % rows)) }
      return buffer
    }
    positions = buffer { $0 }
    ends = buffer { $0 + 1 }
    entryEnds = buffer { _ in rows }
    begins = windows.map { window in (window, buffer { window == 0 ? 0 : max(0, $0 + 1 - window) }) }
    entries = buffer { $0 }
    for index in 0..<count * rows { entries[index] = Int32(index / rows) }
  }
}

extension TensorType {
  /// How many rows each entry has in a value `[B,…,C]`, as an image's pixels or patches; nil for values that entries do
  /// not count.
  var rowsPerEntry: Int? {
    guard shape.first == .symbol("B"), let elements = elementsPerSymbol, let width = shape.last?.fixed
    else { return nil }
    return elements / width
  }
}

extension Plan.Value {
  /// Of keys and values of entries that have the same number of rows each, that number.
  var packedRowsPerEntry: Int? {
    guard case .kvPack(let keyValues) = op, type.shape.first == .symbol("B") else { return nil }
    return type.elementsPerSymbol.map { $0 / (keyValues.heads * keyValues.headWidth) }
  }
}
