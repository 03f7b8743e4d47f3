import ActFormats

/// The large tables of a model as flat arrays, the form that plans carry.
///
/// The model's own tokens alone, by ascending id; added tokens are in the tokenizer's rules.
package struct TokenizerTables: Hashable, Sendable {
  /// The UTF-8 of all tokens, one after the other.
  package var text: [UInt8]
  /// [tokens]: where in `text` each token ends.
  package var ends: [Int32]
  /// [tokens], ascending.
  package var ids: [Int32]
  /// [3 · merges]: the ids of a left and a right token, and of the token that they make; lowest rank first. nil for
  /// models other than byte-pair models.
  package var merges: [Int32]?
  /// [tokens]: the scores of the pieces. nil for models other than unigram models.
  package var scores: [Double]?

  package init(
    text: [UInt8], ends: [Int32], ids: [Int32], merges: [Int32]? = nil, scores: [Double]? = nil
  ) {
    self.text = text
    self.ends = ends
    self.ids = ids
    self.merges = merges
    self.scores = scores
  }
}

extension TokenizerTables {
  init(_ model: TokenModel, _ vocabulary: Vocabulary) {
    self.init(text: [], ends: [], ids: [])
    for id in 0..<vocabulary.idCount {
      guard let token = vocabulary.text(of: id), vocabulary.isModelToken(id) else { continue }
      text += token
      ends.append(Int32(text.count))
      ids.append(Int32(id))
    }
    switch model {
    case .bytePair(let model): merges = model.merges.byRank.flatMap { [$0.left, $0.right, $0.id] }
    case .unigram(let model): scores = model.scores
    case .wordPiece, .wordLevel: break
    }
  }

  /// Refuses tables that a model has no use for.
  func expectOnly(merges needsMerges: Bool, scores needsScores: Bool, path: String) throws(FileError) {
    for (name, isThere, isNeeded) in [
      ("merges", merges != nil, needsMerges), ("scores", scores != nil, needsScores),
    ] where isThere != isNeeded {
      throw .tables(
        path, name, isNeeded ? "there is no such tensor" : "a tensor that the model does not have")
    }
  }

  /// The vocabulary that the arrays describe. Offsets and ids that are none are errors, and tokens given twice unless
  /// they are repeatable.
  func vocabulary(path: String, isRepeatable: Bool = false) throws(FileError) -> Vocabulary {
    func failure(_ array: String, _ problem: String) -> FileError { .tables(path, array, problem) }
    guard ends.count == ids.count else {
      throw failure("ends", "expected one for each of \(ids.count) ids, found \(ends.count)")
    }
    guard String(validating: text, as: UTF8.self) != nil else { throw failure("text", "not UTF-8") }
    var vocabulary = Vocabulary(capacity: ids.count + 64, byteCount: text.count)
    var start = 0
    var previous: Int32 = -1
    for (index, id) in ids.enumerated() {
      let end = Int(ends[index])
      guard (start...text.count).contains(end) else {
        throw failure("ends", "token \(index): expected \(start) to \(text.count), found \(end)")
      }
      guard end == text.count || text[end] & 0xC0 != 0x80 else {
        throw failure("ends", "token \(index): \(end) is inside of a character")
      }
      guard id > previous, id < Vocabulary.maximumID else {
        throw failure(
          "ids", "token \(index): expected \(previous + 1) to \(Vocabulary.maximumID - 1), found \(id)")
      }
      let problem = text.withUnsafeBufferPointer { text in
        vocabulary.insert(
          ByteView(rebasing: text[start..<end]), id: Int(id), isModel: true, isRepeatable: isRepeatable)
      }
      if let problem { throw failure("text", "token \(index): \(problem)") }
      (start, previous) = (end, id)
    }
    guard start == text.count else {
      throw failure("ends", "expected the last at \(text.count), found \(start)")
    }
    return vocabulary
  }

  /// The merges that the arrays describe. Ids that no token of `vocabulary` has are errors.
  func mergeTable(_ vocabulary: Vocabulary, path: String) throws(FileError) -> MergeTable {
    let merges = merges ?? []
    guard merges.count.isMultiple(of: 3) else {
      throw .tables(path, "merges", "expected three ids a merge, found \(merges.count) in all")
    }
    var table = MergeTable(capacity: merges.count / 3)
    for rank in 0..<merges.count / 3 {
      let (left, right, id) = (merges[3 * rank], merges[3 * rank + 1], merges[3 * rank + 2])
      for token in [left, right, id] where !vocabulary.isModelToken(Int(token)) {
        throw .tables(path, "merges", "merge \(rank): no token has the id \(token)")
      }
      table[left, right] = MergeTable.Merge(rank: UInt32(rank), id: id)
    }
    return table
  }

  /// The pieces and scores of a unigram model, whose ids have no gap.
  func unigrams(path: String) throws(FileError) -> (Vocabulary, scores: [Double]) {
    let scores = scores ?? []
    guard scores.count == ids.count else {
      throw .tables(path, "scores", "expected one for each of \(ids.count) ids, found \(scores.count)")
    }
    if let index = scores.firstIndex(where: { !$0.isFinite }) {
      throw .tables(path, "scores", "piece \(index): expected a number, found \(scores[index])")
    }
    if let last = ids.last, Int(last) != ids.count - 1 {
      throw .tables(path, "ids", "expected the last to be \(ids.count - 1), found \(last)")
    }
    return (try vocabulary(path: path, isRepeatable: true), scores)
  }
}

extension FileError {
  fileprivate static func tables(_ path: String, _ array: String, _ problem: String) -> FileError {
    FileError(
      path, "tokenizer.\(array)", problem, next: "the file is damaged or not from actc; compile it again")
  }
}
