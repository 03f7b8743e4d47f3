import ActFormats

/// A token that is recognised in the text itself, before the text is cut into words.
struct AddedToken: Sendable {
  static let maximumLength = 1024

  var id: Int32
  var content: [UInt8]
  /// Special tokens carry structure, not text; decoding can leave them out.
  var isSpecial: Bool
  /// The token takes the white space on its left, or right, with it.
  var stripsLeft: Bool
  var stripsRight: Bool
  /// The token does not count inside of a word.
  var isSingleWord: Bool
  /// The token is looked for in the normalized text.
  var isNormalized: Bool

  /// Reads one element of the `added_tokens` of a `tokenizer.json`.
  init(_ json: LocatedJSON, id: Int32) throws(FileError) {
    try json.expectOnly(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
    let text = try json.string("content")
    guard !text.isEmpty, text.utf8.count <= AddedToken.maximumLength else {
      throw json.failure(
        "expected 1 to \(AddedToken.maximumLength) bytes of content, found \(text.utf8.count)")
    }
    self.id = id
    content = Array(text.utf8)
    isSpecial = try json.bool("special", absent: false)
    stripsLeft = try json.bool("lstrip", absent: false)
    stripsRight = try json.bool("rstrip", absent: false)
    isSingleWord = try json.bool("single_word", absent: false)
    isNormalized = try json.bool("normalized", absent: !isSpecial)
  }
}
