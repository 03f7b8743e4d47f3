/// How the rows of a value stand in the entries of a call.
public enum RowKind: Hashable, Sendable {
  /// Each entry has a number of its own, counted by this symbol: `T`, rows of text; `P`, packed rows of images; or both of
  /// an entry, those of text first, as `T+P` or, where each image has 64 rows, `T+64`.
  case ragged(String)
  /// Each entry has this number, as the pixels of images `[B,H,W,C]`.
  case fixed(Int)

  /// The kinds of rows that a symbol counts together, one or two; nil for symbols that count no rows of entries.
  public static func parts(of symbol: String) -> [RowKind]? {
    let words = symbol.split(separator: "+", omittingEmptySubsequences: false)
    switch words.count {
    case 1: return symbol == "T" || symbol == "P" ? [.ragged(symbol)] : nil
    case 2:
      guard words[0] == "T" else { return nil }
      if words[1] == "P" { return [.ragged("T"), .ragged("P")] }
      guard let count = Int(words[1]), count > 0, String(count) == words[1] else { return nil }
      return [.ragged("T"), .fixed(count)]
    default: return nil
    }
  }

  /// The symbol that counts rows of text and others together.
  public var joinedSymbol: String {
    switch self {
    case .ragged(let symbol): "T+\(symbol)"
    case .fixed(let count): "T+\(count)"
    }
  }

  /// The rows of the axes before the channels of a value; nil where they are not those of entries.
  public init?(_ leading: some Collection<Dim>) {
    guard case .symbol(let symbol)? = leading.first else { return nil }
    if symbol == "B", let count = TensorType(.f32, Array(leading.dropFirst())).fixedCount {
      self = .fixed(count)
    } else if leading.count == 1, Self.parts(of: symbol) != nil {
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
