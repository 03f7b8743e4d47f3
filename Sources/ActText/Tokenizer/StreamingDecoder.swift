/// Turns tokens into text one by one, and never gives out half a character.
///
/// The texts that `append` and `finish` return are, together, the text that `Tokenizer.decode` returns.
package struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipsSpecialTokens: Bool
  /// Text that is not given out yet.
  private var held: [UInt8] = []
  /// A run of bytes from byte-fallback tokens, whose text is not known before the run ends.
  private var run: [UInt8] = []
  private var stripsLeft: Int
  private var isFirst = true

  init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    skipsSpecialTokens = skipSpecialTokens
    stripsLeft = tokenizer.decoder.rules.stripCount
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
    endRun()
    let text = String(decoding: held, as: UTF8.self)
    self = StreamingDecoder(tokenizer, skipSpecialTokens: skipsSpecialTokens)
    return text
  }

  mutating func add(_ token: Int) {
    guard tokenizer.isToken(token), !(skipsSpecialTokens && tokenizer.isSpecial(token)) else { return }
    let decoder = tokenizer.decoder
    if let byte = decoder.fallbackByte(token) {
      run.append(byte)
      isFirst = false
      return
    }
    endRun()
    if isFirst {
      isFirst = false
      if let marks = decoder.rules.firstTokenLoses {
        hold(removing(marks, from: tokenizer.vocabulary.text(of: token) ?? []))
        return
      }
    } else {
      hold(decoder.rules.separator[...])
    }
    hold(decoder.text(of: token))
  }

  private mutating func endRun() {
    guard !run.isEmpty else { return }
    let text = String(validating: run, as: UTF8.self) ?? String(repeating: "\u{FFFD}", count: run.count)
    run.removeAll(keepingCapacity: true)
    hold(Array(text.utf8)[...])
  }

  private mutating func hold(_ text: ArraySlice<UInt8>) {
    var text = text
    while stripsLeft > 0, !text.isEmpty {
      if text.starts(with: tokenizer.decoder.rules.strip) {
        text = text.dropFirst(tokenizer.decoder.rules.strip.count)
        stripsLeft -= 1
      } else {
        stripsLeft = 0
      }
    }
    held += text
  }

  private func removing(_ mark: [UInt8], from text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var out: ArraySlice<UInt8> = []
    var rest = text
    while let first = rest.first {
      if rest.starts(with: mark) {
        rest = rest.dropFirst(mark.count)
      } else {
        out.append(first)
        rest = rest.dropFirst()
      }
    }
    return out
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
