import ActFormats

/// The tokens of a tokenizer and their ids: the model's own tokens first, then the added ones.
struct Vocabulary: Sendable {
  /// Above any vocabulary in use (the largest have 2^18 tokens); bounds what a hostile id can allocate.
  static let maximumID = 1 << 22

  private var texts: ByteStringTable
  private var ids: [Int32] = []
  private var entries: [Int32] = []
  /// How many of the entries are the model's own.
  private(set) var modelCount = 0

  /// An empty vocabulary with room for `capacity` tokens of `byteCount` bytes in all.
  init(capacity: Int, byteCount: Int = 0) {
    texts = ByteStringTable(capacity: capacity, byteCount: byteCount)
    ids.reserveCapacity(capacity)
    entries.reserveCapacity(capacity)
  }

  /// Highest id + 1.
  var idCount: Int { entries.count }

  /// The id of a token, own or added.
  func id(of text: ByteView) -> Int32? { texts.index(of: text).map { ids[$0] } }

  /// The id of a token of the model's own.
  func modelID(of text: ByteView) -> Int32? {
    guard let entry = texts.index(of: text), entry < modelCount else { return nil }
    return ids[entry]
  }

  /// Whether a token of the model's own has this id.
  func isModelToken(_ id: Int) -> Bool {
    entries.indices.contains(id) && entries[id] >= 0 && entries[id] < modelCount
  }

  /// The UTF-8 of the token `id`, or nil where no token has this id.
  func text(of id: Int) -> ArraySlice<UInt8>? {
    guard entries.indices.contains(id), entries[id] >= 0 else { return nil }
    return texts[Int(entries[id])]
  }

  /// The number of bytes of all tokens.
  var byteCount: Int { (0..<idCount).reduce(0) { $0 + (text(of: $1)?.count ?? 0) } }

  /// Adds a token; nil on success, else what is wrong with it. A text that is repeatable may have several ids, of which
  /// it keeps the last.
  mutating func insert(_ text: ByteView, id: Int, isModel: Bool, isRepeatable: Bool = false) -> String? {
    guard (0..<Vocabulary.maximumID).contains(id) else {
      return "the id \(id) is not in 0..<\(Vocabulary.maximumID)"
    }
    let (entry, isNew) = texts.insert(text)
    guard isNew || (isRepeatable && ids[entry] != Int32(id)) else {
      return ids[entry] == Int32(id) ? nil : "the id \(id), but the vocabulary has \(ids[entry])"
    }
    while entries.count <= id { entries.append(-1) }
    guard entries[id] < 0 else {
      return "the id \(id) is that of `\(String(decoding: self.text(of: id) ?? [], as: UTF8.self))` already"
    }
    entries[id] = Int32(entry)
    if isNew {
      ids.append(Int32(id))
      if isModel { modelCount += 1 }
    } else {
      ids[entry] = Int32(id)
    }
    return nil
  }
}

extension Vocabulary {
  /// The vocabulary of a `model`: that of `tables` where it is given, else the JSON's `vocab`.
  init(_ json: LocatedJSON, _ tables: TokenizerTables?) throws(FileError) {
    if let tables {
      self = try tables.vocabulary(path: json.path)
    } else {
      try self.init(json.required("vocab"))
    }
  }

  /// Reads tokens with their ids, `{"a": 0, …}`.
  init(_ json: LocatedJSON) throws(FileError) {
    guard let members = json.value.members else { throw json.failure("expected an object of token ids") }
    self.init(capacity: members.count + 64)
    for member in members {
      guard let id = member.value.int else {
        throw json.failure("the id of `\(member.key)` is not an integer")
      }
      if let problem = member.key.withBytes({ insert($0, id: id, isModel: true) }) {
        throw json.failure("`\(member.key)`: \(problem)")
      }
    }
  }

  /// The model's tokens `<0x00>` to `<0xFF>`, which stand for bytes; -1 where there is none.
  var byteTokens: [Int32] {
    (0..<256).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return "<0x\(byte < 16 ? "0" : "")\(digits)>".withBytes { modelID(of: $0) } ?? -1
    }
  }
}
