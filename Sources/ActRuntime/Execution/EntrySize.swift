import ActIR

/// How many rows an entry of a call has.
package struct EntrySize: Hashable, Sendable {
  /// Rows of text, which `T` counts; 0 where a plan has none.
  package var text: Int
  /// Packed rows of images, which `P` counts; 0 where a plan has none.
  package var image: Int

  package init(text: Int = 0, image: Int = 0) {
    self.text = text
    self.image = image
  }

  /// How many there are of what a symbol counts: entries `B`, of which it is one, or rows of them.
  package func count(_ symbol: String) -> Int {
    switch symbol {
    case "T": text
    case "P": image
    case "T+P": text + image
    default: 1
    }
  }

  /// How many rows of a kind it has.
  package func count(_ kind: RowKind) -> Int {
    switch kind {
    case .ragged(let symbol): count(symbol)
    case .fixed(let count): count
    }
  }
}

extension Sequence<EntrySize> {
  /// The rows of all entries.
  package var total: EntrySize {
    reduce(EntrySize()) { EntrySize(text: $0.text + $1.text, image: $0.image + $1.image) }
  }
}
