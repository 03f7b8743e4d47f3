import ActFormats

extension BytePairModel {
  /// Reads the `model` of a `tokenizer.json`; vocabulary and merges are in `tables` where it is given, else in
  /// the JSON too.
  init(_ json: LocatedJSON, tables: TokenizerTables?, isByteLevel: Bool) throws(FileError) {
    let rules: Set<String> = [
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
      "byte_fallback", "ignore_merges",
    ]
    try json.expectOnly(tables == nil ? rules.union(["vocab", "merges"]) : rules)
    if let type = try json["type"]?.string(), type != "BPE" {
      throw json.unsupported("the model `\(type)`, only BPE is")
    }
    if let dropout = json["dropout"], dropout.value.double != 0 { throw dropout.unsupported("dropout") }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = json[key], try !affix.string().isEmpty { throw affix.unsupported("a \(key)") }
    }
    let vocabulary: Vocabulary
    if let tables {
      vocabulary = try tables.vocabulary(path: json.path)
      merges = try tables.mergeTable(vocabulary, path: json.path)
    } else {
      vocabulary = try BytePairModel.vocabulary(json.required("vocab"))
      merges = try BytePairModel.merges(json.required("merges"), vocabulary)
    }
    self.vocabulary = vocabulary
    ignoresMerges = try json.bool("ignore_merges", absent: false)
    fusesUnknown = try json.bool("fuse_unk", absent: false)
    if let token = json["unk_token"] {
      unknown = try token.string().withBytes { vocabulary.modelID(of: $0) }
      if unknown == nil { throw token.failure("the unknown token is not in the vocabulary") }
    }
    let byteFallback = try json.bool("byte_fallback", absent: false)
    if isByteLevel {
      if byteFallback { throw json.unsupported("byte_fallback after a ByteLevel pre-tokenizer") }
      symbols = .bytes(
        ByteLevelAlphabet.spelling.map { spelling in
          spelling.withUnsafeBufferPointer { vocabulary.modelID(of: $0) } ?? -1
        })
    } else {
      symbols = .scalars(fallback: byteFallback ? try BytePairModel.byteTokens(json, vocabulary) : nil)
    }
  }

  private static func vocabulary(_ json: LocatedJSON) throws(FileError) -> Vocabulary {
    guard let members = json.value.members else { throw json.failure("expected an object of token ids") }
    var vocabulary = Vocabulary(capacity: members.count + 64)
    for member in members {
      guard let id = member.value.int else {
        throw json.failure("the id of `\(member.key)` is not an integer")
      }
      if let problem = member.key.withBytes({ vocabulary.insert($0, id: id, isModel: true) }) {
        throw json.failure("`\(member.key)`: \(problem)")
      }
    }
    return vocabulary
  }

  /// Reads merges in either of their two forms, `"a b"` and `["a", "b"]`, lowest rank first.
  private static func merges(_ json: LocatedJSON, _ vocabulary: Vocabulary) throws(FileError) -> MergeTable {
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
            &joined)
        }
      case .array(let pair):
        guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else { fallthrough }
        merge = left.withBytes { left in right.withBytes { entry(left, $0, vocabulary, &joined) } }
      default: throw json.failure("merge \(rank) is not a pair of tokens")
      }
      guard let merge else {
        throw json.failure("merge \(rank), \(element), is not two tokens of the vocabulary that make a third")
      }
      table[merge.left, merge.right] = MergeTable.Merge(rank: UInt32(rank), id: merge.id)
    }
    return table
  }

  private static func entry(
    _ left: ByteView, _ right: ByteView, _ vocabulary: Vocabulary, _ joined: inout [UInt8]
  ) -> MergeTable.Entry? {
    joined.removeAll(keepingCapacity: true)
    joined.append(contentsOf: left)
    joined.append(contentsOf: right)
    guard let leftID = vocabulary.modelID(of: left), let rightID = vocabulary.modelID(of: right),
      let id = joined.withUnsafeBufferPointer({ vocabulary.modelID(of: $0) })
    else { return nil }
    return (leftID, rightID, id)
  }

  private static func byteTokens(_ json: LocatedJSON, _ vocabulary: Vocabulary) throws(FileError) -> [Int32] {
    var tokens: [Int32] = []
    for byte in 0..<256 {
      let digits = String(byte, radix: 16, uppercase: true)
      let name = "<0x" + (byte < 16 ? "0" : "") + digits + ">"
      guard let id = name.withBytes({ vocabulary.modelID(of: $0) }) else {
        throw json.failure("byte_fallback needs the token `\(name)`, which the vocabulary lacks")
      }
      tokens.append(id)
    }
    return tokens
  }
}

extension MergeTable {
  typealias Entry = (left: Int32, right: Int32, id: Int32)
}
