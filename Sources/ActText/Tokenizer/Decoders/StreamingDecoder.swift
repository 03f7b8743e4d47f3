/// Turns tokens into text one by one, and never gives out half a character.
///
/// The texts that `append` and `finish` return are, together, the text that `Tokenizer.decode` returns.
package struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  private var stages: [DecodingStage]
  /// Text that is not given out yet.
  private var held: [UInt8] = []
  private var isFirst = true

  init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skipSpecialTokens
    stages = DecodingStage.stages(of: tokenizer.decoder)
  }

  /// The text that is certain after `token`, which may be empty. Ids that no token has add nothing.
  package mutating func append(_ token: Int) -> String {
    add(token)
    let settled = held.count - incompleteSuffixLength(held)
    if settled == 0 { return "" }
    defer { held.removeFirst(settled) }
    return String(decoding: held[..<settled], as: UTF8.self)
  }

  /// The rest of the text: an incomplete character at its end becomes U+FFFD. The decoder starts anew.
  package mutating func finish() -> String {
    for index in stages.indices {
      var rest: [[UInt8]] = []
      stages[index].finish(into: &rest)
      for text in rest { pass(text, to: index + 1) }
    }
    let text = String(decoding: held, as: UTF8.self)
    self = StreamingDecoder(tokenizer, skipSpecialTokens: skipsSpecialTokens)
    return text
  }

  mutating func add(_ token: Int) {
    guard !(skipsSpecialTokens && tokenizer.isSpecial(token)), let text = tokenizer.spelling(of: token)
    else { return }
    if !isFirst { held += tokenizer.decoder.separator }
    isFirst = false
    pass(text, to: 0)
  }

  private mutating func pass(_ text: [UInt8], to index: Int) {
    guard index < stages.count else {
      held += text
      return
    }
    var out: [[UInt8]] = []
    stages[index].add(text, into: &out)
    for text in out { pass(text, to: index + 1) }
  }
}

/// The number of bytes at the end of `bytes` that begin a character which is not complete (Unicode, table
/// 3-7).
private func incompleteSuffixLength(_ bytes: [UInt8]) -> Int {
  for length in 1...3 where length <= bytes.count {
    let lead = bytes[bytes.count - length]
    if lead & 0xC0 == 0x80 { continue }
    let width =
      switch lead {
      case 0xC2...0xDF: 2
      case 0xE0...0xEF: 3
      case 0xF0...0xF4: 4
      default: 1
      }
    guard length < width else { return 0 }
    if length == 1 { return 1 }
    let second = bytes[bytes.count - length + 1]
    let isLegal =
      switch lead {
      case 0xE0: second >= 0xA0
      case 0xED: second < 0xA0
      case 0xF0: second >= 0x90
      case 0xF4: second < 0x90
      default: true
      }
    return isLegal ? length : 0
  }
  return 0
}
