import ActFormats

extension BytePairModel {
  /// Reads the `model` of a `tokenizer.json`; vocabulary and merges are in `tables` where it is given, else in the JSON
  /// too.
  static func read(
    _ json: LocatedJSON, tables: TokenizerTables?, isByteLevel: Bool
  ) throws(FileError) -> (BytePairModel, Vocabulary) {
    let rules: Set<String> = [
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
      "byte_fallback", "ignore_merges",
    ]
    try json.expectOnly(tables == nil ? rules.union(["vocab", "merges"]) : rules)
    if let dropout = json["dropout"], dropout.value.double != 0 { throw dropout.unsupported("dropout") }
    let affixes = Affixes(
      prefix: Array((try json["continuing_subword_prefix"]?.string() ?? "").utf8),
      suffix: Array((try json["end_of_word_suffix"]?.string() ?? "").utf8))
    let vocabulary = try Vocabulary(json, tables)
    let merges: MergeTable
    if let tables {
      merges = try tables.mergeTable(vocabulary, path: json.path)
    } else {
      merges = try BytePairModel.merges(json.required("merges"), vocabulary, prefix: affixes.prefix)
    }
    let fallsBack = try json.bool("byte_fallback", absent: false)
    // Tokens of bytes fall back from a character of the alphabet, not from the byte that it stands for.
    let symbols: Symbols =
      isByteLevel && !fallsBack
      ? .bytes(
        (0..<4).map { place in
          ByteLevelAlphabet.spelling.map { byte in
            affixes.spelled(byte, place: place).withUnsafeBufferPointer { vocabulary.modelID(of: $0) } ?? -1
          }
        }) : .scalars(fallback: fallsBack ? vocabulary.byteTokens : nil)
    var model = BytePairModel(
      merges: merges, symbols: symbols, affixes: affixes,
      ignoresMerges: try json.bool("ignore_merges", absent: false), unknown: nil,
      fusesUnknown: try json.bool("fuse_unk", absent: false))
    if let token = json["unk_token"] {
      model.unknown = try token.string().withBytes { vocabulary.modelID(of: $0) }
      if model.unknown == nil, !symbols.areComplete {
        throw token.failure("the unknown token is not in the vocabulary")
      }
    }
    return (model, vocabulary)
  }

  /// Reads merges in either of their two forms, `"a b"` and `["a", "b"]`, lowest rank first.
  private static func merges(
    _ json: LocatedJSON, _ vocabulary: Vocabulary, prefix: [UInt8]
  ) throws(FileError) -> MergeTable {
    guard let array = json.value.array else { throw json.failure("expected an array") }
    var table = MergeTable(capacity: array.count)
    var joined: [UInt8] = []
    for (rank, element) in array.enumerated() {
      let merge: MergeTable.Entry?
      switch element {
      case .string(let text):
        merge = text.withBytes { bytes in
          guard let space = bytes.firstIndex(of: 0x20), !bytes[(space + 1)...].contains(0x20) else {
            return nil
          }
          return entry(
            ByteView(rebasing: bytes[..<space]), ByteView(rebasing: bytes[(space + 1)...]), vocabulary,
            prefix.count, &joined)
        }
      case .array(let pair):
        guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else { fallthrough }
        merge = left.withBytes { left in
          right.withBytes { entry(left, $0, vocabulary, prefix.count, &joined) }
        }
      default: throw json.failure("merge \(rank) is not a pair of tokens")
      }
      guard let merge else {
        throw json.failure("merge \(rank), \(element), is not two tokens of the vocabulary that make a third")
      }
      table[merge.left, merge.right] = MergeTable.Merge(rank: UInt32(rank), id: merge.id)
    }
    return table
  }

  /// The merge of two tokens; what they make has the prefix of the right one left out, which is `prefixLength` bytes.
  private static func entry(
    _ left: ByteView, _ right: ByteView, _ vocabulary: Vocabulary, _ prefixLength: Int,
    _ joined: inout [UInt8]
  ) -> MergeTable.Entry? {
    guard right.count >= prefixLength else { return nil }
    joined.removeAll(keepingCapacity: true)
    joined.append(contentsOf: left)
    joined.append(contentsOf: right.dropFirst(prefixLength))
    guard let leftID = vocabulary.modelID(of: left), let rightID = vocabulary.modelID(of: right),
      let id = joined.withUnsafeBufferPointer({ vocabulary.modelID(of: $0) })
    else { return nil }
    return (leftID, rightID, id)
  }
}

extension MergeTable {
  typealias Entry = (left: Int32, right: Int32, id: Int32)
}
