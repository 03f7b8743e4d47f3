/// The tokens of a text, or of a pair of texts.
package struct TokenEncoding: Hashable, Sendable {
  package var ids: [Int]
  /// For each token the number that the file's post-processor gives it: in most files 0 for the first text, 1 for the
  /// second.
  package var typeIDs: [Int]

  package init(ids: [Int] = [], typeIDs: [Int] = []) {
    self.ids = ids
    self.typeIDs = typeIDs
  }

  init(_ ids: [Int32], typeID: Int) {
    self.init(ids: ids.map { Int($0) }, typeIDs: [Int](repeating: typeID, count: ids.count))
  }

  static func + (left: TokenEncoding, right: TokenEncoding) -> TokenEncoding {
    TokenEncoding(ids: left.ids + right.ids, typeIDs: left.typeIDs + right.typeIDs)
  }
}
