import ActFormats

/// Finds added tokens in a text: leftmost, and of those the longest.
struct AddedTokenMatcher: Sendable {
  /// A stretch of the text: an added token, or text between them.
  struct Piece {
    var range: Range<Int>
    var token: Int32?
  }

  private var tokens: [AddedToken] = []
  private var trie: [UInt64: Int32] = [:]
  private var nodeCount: Int32 = 1
  /// The token, as an index, that ends at a node of the trie.
  private var tokenAt: [Int32: Int32] = [:]
  private var isFirst = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { tokens.isEmpty }

  /// Adds `token`, to be found as `content`.
  mutating func insert(_ token: AddedToken, as content: [UInt8]) {
    guard let first = content.first else { return }
    isFirst[Int(first)] = true
    var node: Int32 = 0
    for byte in content {
      let key = AddedTokenMatcher.key(node, byte)
      if let child = trie[key] {
        node = child
      } else {
        trie[key] = nodeCount
        node = nodeCount
        nodeCount += 1
      }
    }
    tokenAt[node] = Int32(tokens.count)
    tokens.append(token)
  }

  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

  /// Cuts `range` of `text` at the added tokens in it; no piece is empty but a token's.
  func split(_ text: ByteView, _ range: Range<Int>) -> [Piece] {
    if range.isEmpty { return [] }
    if isEmpty { return [Piece(range: range)] }
    let text = ByteView(rebasing: text[range])
    var pieces: [Piece] = []
    var settled = 0
    func append(_ part: Range<Int>, _ token: Int32?) {
      pieces.append(
        Piece(range: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound, token: token))
    }
    var at = 0
    while at < text.count {
      guard isFirst[Int(text[at])], let (token, end) = longestMatch(text, at) else {
        at += 1
        continue
      }
      var (start, stop) = (at, end)
      at = end
      if token.isSingleWord, isWordScalar(scalarBefore(text, start)) || isWordScalar(scalarAfter(text, stop))
      {
        continue
      }
      if token.stripsLeft {
        while start > settled, let scalar = scalarBefore(text, start), scalar.properties.isWhitespace {
          start -= UTF8.width(scalar)
        }
      }
      if token.stripsRight {
        while let scalar = scalarAfter(text, stop), scalar.properties.isWhitespace {
          stop += UTF8.width(scalar)
        }
      }
      if settled < start { append(settled..<start, nil) }
      append(min(start, stop)..<stop, token.id)
      settled = stop
    }
    if settled < text.count { append(settled..<text.count, nil) }
    return pieces
  }

  private func longestMatch(_ text: ByteView, _ start: Int) -> (AddedToken, end: Int)? {
    var node: Int32 = 0
    var found: (AddedToken, end: Int)?
    for at in start..<text.count {
      guard let child = trie[AddedTokenMatcher.key(node, text[at])] else { break }
      node = child
      if let token = tokenAt[node] { found = (tokens[Int(token)], at + 1) }
    }
    return found
  }

  private func scalarBefore(_ text: ByteView, _ end: Int) -> Unicode.Scalar? {
    var start = end - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start < 0 ? nil : String(decoding: text[start..<end], as: UTF8.self).unicodeScalars.first
  }

  private func scalarAfter(_ text: ByteView, _ start: Int) -> Unicode.Scalar? {
    String(decoding: text[start..<min(text.count, start + 4)], as: UTF8.self).unicodeScalars.first
  }

  /// Whether `scalar` is a word character: UTS #18, annex C, as Rust's `\w`.
  private func isWordScalar(_ scalar: Unicode.Scalar?) -> Bool {
    guard let properties = scalar?.properties else { return false }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return properties.isAlphabetic || properties.isJoinControl
    }
  }
}
