/// How SentencePiece writes spaces: as the mark `▁`.
enum SpaceMarks {
  static let mark = "▁"

  /// A `normalizer` that turns spaces into marks, after the rewriting rules of `charsmap`, in base64.
  ///
  /// `addsSpace` says whether a text begins with a mark of its own, and `collapses` whether spaces at both ends go, and of
  /// several in a row one stays.
  static func normalizer(charsmap: String? = nil, addsSpace: Bool, collapses: Bool = false) -> JSON {
    var parts: [JSON] = []
    if let charsmap {
      parts.append(.object(["type": .string("Precompiled"), "precompiled_charsmap": .string(charsmap)]))
    }
    if collapses {
      parts.append(TokenizerPart.replace(regex: #"\A +| +\z"#, with: ""))
      parts.append(TokenizerPart.replace(regex: " {2,}", with: " "))
    }
    if addsSpace { parts.append(.object(["type": .string("Prepend"), "prepend": .string(mark)])) }
    parts.append(TokenizerPart.replace(" ", with: mark))
    return TokenizerPart.sequence(parts, "normalizers")
  }

  /// Turns marks and tokens of bytes back into text.
  static func decoder(addsSpace: Bool, hasBytes: Bool) -> JSON {
    var parts = [TokenizerPart.replace(mark, with: " ")]
    if hasBytes { parts.append(.object(["type": .string("ByteFallback")])) }
    parts.append(.object(["type": .string("Fuse")]))
    if addsSpace {
      parts.append(
        .object(["type": .string("Strip"), "content": .string(" "), "start": .int(1), "stop": .int(0)]))
    }
    return TokenizerPart.sequence(parts, "decoders")
  }
}
