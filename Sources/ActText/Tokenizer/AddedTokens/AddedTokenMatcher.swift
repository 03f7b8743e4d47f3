import ActFormats

/// Finds added tokens in a text: leftmost, and of those the longest.
struct AddedTokenMatcher: Sendable {
  /// A stretch of the text: an added token, or text between them.
  struct Piece {
    var range: Range<Int>
    var token: Int32?
  }

  private var tokens: [AddedToken] = []
  /// The numbers of the tokens.
  private var tree = PrefixTree()
  private var isFirst = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { tokens.isEmpty }

  /// Adds `token`, to be found as `content`.
  mutating func insert(_ token: AddedToken, as content: [UInt8]) {
    guard let first = content.first else { return }
    isFirst[Int(first)] = true
    content.withUnsafeBufferPointer { tree.insert($0, Int32(tokens.count)) }
    tokens.append(token)
  }

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
      guard isFirst[Int(text[at])], let (index, end) = tree.longestMatch(text, from: at) else {
        at += 1
        continue
      }
      let token = tokens[Int(index)]
      var (start, stop) = (at, end)
      at = end
      if token.isSingleWord, isWord(scalarBefore(text, start)) || isWord(scalarAfter(text, stop)) { continue }
      if token.stripsLeft {
        while start > settled, let scalar = scalarBefore(text, start),
          CharacterClass.whitespace.contains(scalar)
        {
          start -= UTF8.width(scalar)
        }
        // What a token before has taken with it stays there.
        start = max(start, settled)
      }
      if token.stripsRight {
        while let scalar = scalarAfter(text, stop), CharacterClass.whitespace.contains(scalar) {
          stop += UTF8.width(scalar)
        }
      }
      if settled < start { append(settled..<start, nil) }
      // Of a token that lies in the white space of the one before, nothing may be left.
      guard start < stop else { continue }
      append(start..<stop, token.id)
      settled = stop
    }
    if settled < text.count { append(settled..<text.count, nil) }
    return pieces
  }

  private func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { CharacterClass.isWord($0) } ?? false }

  private func scalarBefore(_ text: ByteView, _ end: Int) -> Unicode.Scalar? {
    var start = end - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start < 0 ? nil : String(decoding: text[start..<end], as: UTF8.self).unicodeScalars.first
  }

  private func scalarAfter(_ text: ByteView, _ start: Int) -> Unicode.Scalar? {
    String(decoding: text[start..<min(text.count, start + 4)], as: UTF8.self).unicodeScalars.first
  }
}
