/// How the rows of a value stand in the entries of a call.
public enum RowKind: Hashable, Sendable {
  /// Each entry has a number of its own, counted by this symbol: `T`, rows of text; `P`, packed rows of images; `T+P`,
  /// both, those of text first.
  case ragged(String)
  /// Each entry has this number, as the pixels of images `[B,H,W,C]`.
  case fixed(Int)

  /// The symbols that count rows of entries.
  public static let symbols = ["T", "P", "T+P"]

  /// The rows of the axes before the channels of a value; nil where they are not those of entries.
  public init?(_ leading: some Collection<Dim>) {
    guard case .symbol(let symbol)? = leading.first else { return nil }
    if symbol == "B", let count = TensorType(.f32, Array(leading.dropFirst())).fixedCount {
      self = .fixed(count)
    } else if leading.count == 1, Self.symbols.contains(symbol) {
      self = .ragged(symbol)
    } else {
      return nil
    }
  }
}

extension TensorType {
  /// How its rows stand in entries: rows of channels, or keys and values; nil for what is not rows of entries.
  public var rowKind: RowKind? { RowKind(shape.dropLast(dtype.keyValueElement == nil ? 1 : 2)) }
}
