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

  /// Adds a token; nil on success, else what is wrong with it.
  mutating func insert(_ text: ByteView, id: Int, isModel: Bool) -> String? {
    guard (0..<Vocabulary.maximumID).contains(id) else {
      return "the id \(id) is not in 0..<\(Vocabulary.maximumID)"
    }
    let (entry, isNew) = texts.insert(text)
    guard isNew else {
      return ids[entry] == Int32(id) ? nil : "the id \(id), but the vocabulary has \(ids[entry])"
    }
    while entries.count <= id { entries.append(-1) }
    guard entries[id] < 0 else {
      return "the id \(id) is that of `\(String(decoding: self.text(of: id) ?? [], as: UTF8.self))` already"
    }
    entries[id] = Int32(entry)
    ids.append(Int32(id))
    if isModel { modelCount += 1 }
    return nil
  }
}
