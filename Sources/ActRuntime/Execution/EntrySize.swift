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

  /// The rows of text and of images of both.
  package static func + (a: EntrySize, b: EntrySize) -> EntrySize {
    EntrySize(text: a.text + b.text, image: a.image + b.image)
  }

  /// How many there are of what a symbol counts: rows, or entries `B`, of which it is one.
  package func count(_ symbol: String) -> Int {
    switch symbol {
    case "T": text
    case "P": image
    default: RowKind.parts(of: symbol)?.reduce(0) { $0 + count($1) } ?? 1
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
  /// How many there are in all entries of what a symbol counts.
  package func count(_ symbol: String) -> Int { reduce(0) { $0 + $1.count(symbol) } }
}
