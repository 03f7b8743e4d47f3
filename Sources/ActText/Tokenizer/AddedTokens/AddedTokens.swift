import ActFormats

/// The added tokens of a tokenizer: those to be found in the text as it is, and those in the normalized text.
struct AddedTokens: Sendable {
  private var plain = AddedTokenMatcher()
  private var normalized = AddedTokenMatcher()
  private(set) var special = Set<Int>()
  /// The normal forms of the tokens that differ from them: as the reference does, decoding spells a token that is
  /// looked for in the normalized text in this way.
  private(set) var normalForms: [Int: [UInt8]] = [:]

  /// Reads the `added_tokens` of a `tokenizer.json` and adds them to `vocabulary`.
  init(
    _ json: LocatedJSON?, _ normalizer: Normalizer, _ vocabulary: inout Vocabulary
  ) throws(FileError) {
    let scratch = MatchScratch()
    var seen = Set<Int>()
    for element in try json?.elements() ?? [] {
      let id = try element.required("id").int()
      let problem = try element.string("content").withBytes { vocabulary.insert($0, id: id, isModel: false) }
      if let problem {
        throw element.failure(problem)
      }
      guard seen.insert(id).inserted else { throw element.failure("the id \(id) is added twice") }
      let token = try AddedToken(element, id: Int32(id))
      if token.isSpecial { special.insert(id) }
      guard token.isNormalized else {
        plain.insert(token, as: token.content)
        continue
      }
      do {
        let content = NormalText(bytes: token.content, origin: 0)
        let form = try normalizer.normalize(content, scratch).bytes
        normalized.insert(token, as: form)
        if form != token.content { normalForms[id] = form }
      } catch {
        throw element.failure(error.problem)
      }
    }
  }

  /// Cuts `range` of `text` at the added tokens that are looked for in a normalized text, or before that.
  func split(_ text: [UInt8], _ range: Range<Int>, normalized: Bool) -> [AddedTokenMatcher.Piece] {
    let matcher = normalized ? self.normalized : plain
    return text.withUnsafeBufferPointer { matcher.split($0, range) }
  }
}
