import ActFormats

/// The vocabulary and the merges of a byte-pair model as flat arrays, the form that plans carry.
///
/// The model's own tokens alone, by ascending id; added tokens are in the tokenizer's rules.
package struct TokenizerTables: Hashable, Sendable {
  /// The UTF-8 of all tokens, one after the other.
  package var text: [UInt8]
  /// [tokens]: where in `text` each token ends.
  package var ends: [Int32]
  /// [tokens], ascending.
  package var ids: [Int32]
  /// [3 · merges]: the ids of a left and a right token, and of the token that they make; lowest rank first.
  package var merges: [Int32]

  package init(text: [UInt8], ends: [Int32], ids: [Int32], merges: [Int32]) {
    self.text = text
    self.ends = ends
    self.ids = ids
    self.merges = merges
  }
}

extension TokenizerTables {
  init(_ model: BytePairModel) {
    self.init(text: [], ends: [], ids: [], merges: [])
    for id in 0..<model.vocabulary.idCount {
      guard let token = model.vocabulary.text(of: id), model.vocabulary.isModelToken(id) else { continue }
      text += token
      ends.append(Int32(text.count))
      ids.append(Int32(id))
    }
    for (left, right, id) in model.merges.byRank { merges += [left, right, id] }
  }

  /// The vocabulary that the arrays describe. Offsets and ids that are none, and tokens given twice, are errors.
  func vocabulary(path: String) throws(FileError) -> Vocabulary {
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
        vocabulary.insert(ByteView(rebasing: text[start..<end]), id: Int(id), isModel: true)
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
}

extension FileError {
  fileprivate static func tables(_ path: String, _ array: String, _ problem: String) -> FileError {
    FileError(
      path, "tokenizer.\(array)", problem, next: "the file is damaged or not from actc; compile it again")
  }
}
