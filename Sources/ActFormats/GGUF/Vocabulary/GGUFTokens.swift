/// The tokens of a GGUF file, checked.
struct GGUFTokens: Sendable {
  enum Kind: Int {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  let texts: [String]
  let kinds: [Kind]
  let path: String
  private let metadata: GGUFMetadata
  private let file: GGUFFile

  init(_ file: GGUFFile, _ metadata: GGUFMetadata) throws(FileError) {
    self.file = file
    self.metadata = metadata
    path = file.path
    texts = try Self.strings("tokens", file, metadata)
    // A file of a vocabulary alone has no tensors.
    if let rows = file["token_embd.weight"]?.shape.first, texts.count > rows {
      throw Self.failure(file, "tokens", "more tokens than rows of token_embd.weight")
    }
    let types = try metadata.array(Self.place("token_type"))
    if types == nil {
      metadata.noteMissing(Self.place("token_type"), taking: "every token as ordinary text")
    }
    let numbers = types ?? Array(repeating: .integer(1), count: texts.count)
    kinds = numbers.compactMap { $0.integer.flatMap(Kind.init) }
    guard kinds.count == texts.count else {
      throw Self.failure(file, "token_type", "expected a type from 1 to 6 for every token")
    }
    guard Set(texts.map { Array($0.utf8) }).count == texts.count else {
      throw Self.failure(file, "tokens", "a token is given twice")
    }
  }

  /// The tokens with other texts.
  private init(_ tokens: GGUFTokens, texts: [String]) {
    self.texts = texts
    (kinds, path, metadata, file) = (tokens.kinds, tokens.path, tokens.metadata, tokens.file)
  }

  /// The tokens, with texts that `spelling` makes of each text and kind. Two that become one are an error.
  func respelled(_ spelling: (String, Kind) -> String) throws(FileError) -> GGUFTokens {
    let texts = zip(texts, kinds).map { spelling($0, $1) }
    guard Set(texts.map { Array($0.utf8) }).count == texts.count else {
      throw failure("tokens", "a token is given twice")
    }
    return GGUFTokens(self, texts: texts)
  }

  /// Whether there are tokens that stand for bytes.
  var haveBytes: Bool { kinds.contains(.byte) }

  static func place(_ key: String) -> String { "tokenizer.ggml.\(key)" }

  private static func failure(_ file: GGUFFile, _ key: String, _ problem: String) -> FileError {
    FileError(file.path, place(key), problem)
  }

  func failure(_ key: String, _ problem: String) -> FileError { Self.failure(file, key, problem) }

  private static func strings(
    _ key: String, _ file: GGUFFile, _ metadata: GGUFMetadata
  ) throws(FileError) -> [String] {
    guard let elements = try metadata.array(place(key)), case let texts = elements.compactMap(\.string),
      texts.count == elements.count
    else { throw failure(file, key, "expected an array of strings") }
    return texts
  }

  func strings(_ key: String) throws(FileError) -> [String] { try Self.strings(key, file, metadata) }

  func bool(_ key: String) throws(FileError) -> Bool? { try metadata.bool(Self.place(key)) }

  /// A switch of the file; where there is none, `fallback`, which is said.
  func bool(_ key: String, orTake fallback: Bool) throws(FileError) -> Bool {
    if let flag = try bool(key) { return flag }
    metadata.noteMissing(Self.place(key), taking: "\(fallback)")
    return fallback
  }

  /// The number of a token, under the first of `keys` that the file has.
  func id(_ keys: String...) throws(FileError) -> Int? {
    for key in keys {
      guard let number = file.metadata[Self.place(key)] else { continue }
      guard let id = number.integer, texts.indices.contains(id) else {
        throw failure(key, "expected the number of a token")
      }
      return id
    }
    return nil
  }

  /// The score of every token.
  func scores() throws(FileError) -> [Float] {
    guard let elements = try metadata.array(Self.place("scores")) else {
      throw failure("scores", "is missing")
    }
    var scores: [Float] = []
    scores.reserveCapacity(elements.count)
    for element in elements {
      switch element {
      case .float32(let score) where score.isFinite: scores.append(score)
      case .integer(let score): scores.append(Float(score))
      default: throw failure("scores", "expected a finite number for every token")
      }
    }
    guard scores.count == texts.count else {
      throw failure("scores", "expected one for each of \(texts.count) tokens, found \(scores.count)")
    }
    return scores
  }

  /// The bytes of an array of them, or nil where the file has none.
  func bytes(_ key: String) throws(FileError) -> [UInt8]? {
    guard let elements = try metadata.array(Self.place(key)) else { return nil }
    let bytes = elements.compactMap { element in
      // Writers take either kind of byte.
      element.integer.flatMap { (-128...255).contains($0) ? UInt8(truncatingIfNeeded: $0) : nil }
    }
    guard bytes.count == elements.count else { throw failure(key, "expected an array of bytes") }
    return bytes
  }
}
