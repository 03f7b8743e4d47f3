import ActFormats

/// The rewriting rules that SentencePiece compiles into a model: a double-array trie of texts, each with its
/// replacement.
///
/// The file is 4 bytes with the size of the trie, its units of 4 bytes, and the replacements, each ended by a zero
/// byte, all little-endian. A unit has a label in bits 0 to 7, a flag for a text that ends below it in bit 8, and in
/// bits 10 to 30 an offset, which bit 9 shifts by 8; a unit with a value has bit 31 set.
struct Charsmap: Sendable {
  /// Longer clusters of characters are rewritten one character at a time.
  private static let maximumClusterLength = 5

  private var units: [UInt32]
  private var replacements: [UInt8]

  /// Reads a `precompiled_charsmap`, in base64.
  init(_ json: LocatedJSON) throws(FileError) {
    guard let bytes = [UInt8](base64: try json.string()) else { throw json.failure("not base64") }
    func word(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * $1) }
    }
    guard bytes.count >= 4 else {
      throw json.failure("expected the size of a trie, found \(bytes.count) bytes")
    }
    let size = Int(word(0))
    guard size >= 4, size.isMultiple(of: 4), size <= bytes.count - 4 else {
      throw json.failure("expected a trie of 4 to \(bytes.count - 4) bytes, found \(size)")
    }
    units = (1...size / 4).map { word($0) }
    replacements = Array(bytes[(4 + size)...])
    guard String(validating: replacements, as: UTF8.self) != nil else {
      throw json.failure("the replacements are not UTF-8")
    }
  }

  func apply(to text: inout NormalText) throws(TokenizationFailure) {
    var out: [UInt8] = []
    out.reserveCapacity(text.bytes.count)
    var newOrigin = 0
    let origin = text.origin
    try text.bytes.withUnsafeBufferPointer { (bytes) throws(TokenizationFailure) in
      var at = 0
      while at < bytes.count {
        var end = at + 1
        // Two ASCII characters in a row are two clusters, but for a carriage return and a line feed.
        let isAlone =
          bytes[at] < 0x80 && bytes[at] != 0x0D && (end == bytes.count || bytes[end] < 0x80)
        if isAlone {
          try rewrite(ByteView(rebasing: bytes[at..<end]), into: &out)
        } else {
          while end < bytes.count, !(bytes[end] < 0x80 && bytes[end - 1] < 0x80 && bytes[end - 1] != 0x0D) {
            end += 1
          }
          for cluster in String(decoding: bytes[at..<end], as: UTF8.self) {
            let utf8 = Array(cluster.utf8)
            try utf8.withUnsafeBufferPointer { (utf8) throws(TokenizationFailure) in
              try rewriteCluster(utf8, into: &out)
            }
            if at < origin { newOrigin = out.count }
            at += utf8.count
          }
        }
        if isAlone, at < origin { newOrigin = out.count }
        at = end
      }
    }
    text = NormalText(bytes: out, origin: newOrigin)
  }

  private func rewriteCluster(_ cluster: ByteView, into out: inout [UInt8]) throws(TokenizationFailure) {
    if cluster.count <= Charsmap.maximumClusterLength, let replacement = try replacement(of: cluster) {
      out += replacement
      return
    }
    var at = 0
    while at < cluster.count {
      let end = at + cluster.scalarWidth(at: at)
      try rewrite(ByteView(rebasing: cluster[at..<end]), into: &out)
      at = end
    }
  }

  private func rewrite(_ text: ByteView, into out: inout [UInt8]) throws(TokenizationFailure) {
    if let replacement = try replacement(of: text) { out += replacement } else { out += text }
  }

  /// The replacement of the shortest text of the trie that `text` begins with: the reference takes the first match and
  /// replaces all of `text`.
  private func replacement(of text: ByteView) throws(TokenizationFailure) -> ArraySlice<UInt8>? {
    var node = Charsmap.offset(units[0])
    for byte in text {
      if byte == 0 { return nil }
      node ^= Int(byte)
      let unit = try unit(node)
      guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
      node ^= Charsmap.offset(unit)
      if unit >> 8 & 1 == 1 { return try replacement(at: Int(try self.unit(node) & 0x7FFF_FFFF)) }
    }
    return nil
  }

  private func replacement(at start: Int) throws(TokenizationFailure) -> ArraySlice<UInt8> {
    guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { throw Charsmap.damage }
    return replacements[start...].prefix { $0 != 0 }
  }

  private func unit(_ index: Int) throws(TokenizationFailure) -> UInt32 {
    guard index < units.count else { throw Charsmap.damage }
    return units[index]
  }

  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

  private static let damage = TokenizationFailure(
    problem: "the precompiled_charsmap points outside of itself", part: "normalizer")
}

extension [UInt8] {
  /// The bytes that `base64` (RFC 4648, with padding) spells, or nil where it is not that.
  fileprivate init?(base64: String) {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, letter) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
      .enumerated()
    {
      values[Int(letter)] = UInt8(value)
    }
    let text = Array(base64.utf8)
    let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard text.count.isMultiple(of: 4) else { return nil }
    self = []
    reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    for (index, letter) in text.dropLast(padding).enumerated() {
      guard values[Int(letter)] != 0xFF else { return nil }
      bits = bits << 6 | UInt32(values[Int(letter)])
      switch index & 3 {
      case 1: append(UInt8(truncatingIfNeeded: bits >> 4))
      case 2: append(UInt8(truncatingIfNeeded: bits >> 2))
      case 3: append(UInt8(truncatingIfNeeded: bits))
      default: break
      }
    }
    // The bits that padding leaves over are zero.
    guard padding == 0 || bits & (padding == 1 ? 0x3 : 0xF) == 0 else { return nil }
  }
}
