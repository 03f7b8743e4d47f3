import ActFormats

/// A unigram language model: of all ways to cut a word into pieces, the one whose scores have the highest sum (Kudo
/// 2018; SentencePiece).
struct UnigramModel: Sendable {
  /// How much a character that no piece has scores below the lowest piece.
  private static let unknownPenalty = 10.0

  private var tree: PrefixTree
  /// The score of each piece, by id: the logarithm of its probability.
  private(set) var scores: [Double]
  private var unknownScore: Double
  private var unknown: Int32?
  /// The tokens of the bytes of what no piece has; -1 where there is none. nil without byte fallback.
  private var fallback: [Int32]?

  /// Appends the tokens of `word` to `out`. Characters in a row that no piece has are one unknown token.
  func encode(
    _ word: ByteView, _ vocabulary: Vocabulary, _ lattice: inout UnigramLattice, into out: inout [Int32]
  ) throws(TokenizationFailure) {
    lattice.reset(length: word.count)
    var at = 0
    while at < word.count {
      let score = lattice.scores[at]
      let width = word.scalarWidth(at: at)
      var isCovered = false
      var node = PrefixTree.root
      var end = at
      while end < word.count, let child = tree.child(of: node, word[end]) {
        end += 1
        node = child
        guard let piece = tree.value(at: node) else { continue }
        lattice.offer(piece, from: at, to: end, score: score + scores[Int(piece)])
        if end == at + width { isCovered = true }
      }
      if !isCovered {
        guard let unknown else { throw .noUnknownToken }
        lattice.offer(unknown, from: at, to: at + width, score: score + unknownScore)
      }
      at += width
    }
    var unknownStart: Int?
    for piece in lattice.path(to: word.count) {
      if piece.id == unknown {
        unknownStart = unknownStart ?? piece.start
        continue
      }
      if let start = unknownStart {
        appendUnknown(ByteView(rebasing: word[start..<piece.start]), vocabulary, &out)
      }
      unknownStart = nil
      out.append(piece.id)
    }
    if let start = unknownStart { appendUnknown(ByteView(rebasing: word[start...]), vocabulary, &out) }
  }

  /// Appends what stands for `text`, which was cut into unknown pieces alone.
  private func appendUnknown(_ text: ByteView, _ vocabulary: Vocabulary, _ out: inout [Int32]) {
    if let id = vocabulary.modelID(of: text) {
      out.append(id)
    } else if let fallback, text.allSatisfy({ fallback[Int($0)] >= 0 }) {
      for byte in text { out.append(fallback[Int(byte)]) }
    } else if let unknown {
      out.append(unknown)
    }
  }
}

/// The best way, so far, to cut the first bytes of a word into pieces, for each number of bytes.
struct UnigramLattice {
  private(set) var scores: [Double] = []
  private var starts: [Int32] = []
  private var ids: [Int32] = []
  private var path: [(id: Int32, start: Int)] = []

  mutating func reset(length: Int) {
    for list in [\UnigramLattice.starts, \.ids] {
      self[keyPath: list].removeAll(keepingCapacity: true)
      self[keyPath: list].append(contentsOf: repeatElement(-1, count: length + 1))
    }
    scores.removeAll(keepingCapacity: true)
    scores.append(contentsOf: repeatElement(0, count: length + 1))
  }

  /// Takes the piece `id`, which reaches from `start` to `end`, where nothing better ends there.
  @inline(__always)
  mutating func offer(_ id: Int32, from start: Int, to end: Int, score: Double) {
    guard starts[end] < 0 || score > scores[end] else { return }
    scores[end] = score
    starts[end] = Int32(start)
    ids[end] = id
  }

  /// The pieces of the best way to `end`, from the first to the last.
  mutating func path(to end: Int) -> ReversedCollection<[(id: Int32, start: Int)]> {
    path.removeAll(keepingCapacity: true)
    var at = end
    while at > 0 {
      path.append((ids[at], Int(starts[at])))
      at = Int(starts[at])
    }
    return path.reversed()
  }
}

extension UnigramModel {
  /// Reads the `model` of a `tokenizer.json`; pieces and scores are in `tables` where it is given, else in the JSON
  /// too.
  static func read(
    _ json: LocatedJSON, tables: TokenizerTables?
  ) throws(FileError) -> (UnigramModel, Vocabulary) {
    try json.expectOnly(["type", "unk_id", "byte_fallback"], or: "vocab", unless: tables != nil)
    let vocabulary: Vocabulary
    let scores: [Double]
    if let tables {
      (vocabulary, scores) = try tables.unigrams(path: json.path)
    } else {
      (vocabulary, scores) = try pieces(json.required("vocab"))
    }
    var unknown: Int32?
    if let id = json["unk_id"] {
      guard scores.indices.contains(try id.int()) else {
        throw id.failure("expected an id of \(scores.count) pieces, found \(try id.int())")
      }
      unknown = Int32(try id.int())
    }
    var tree = PrefixTree(nodeCount: vocabulary.byteCount / 2)
    for id in scores.indices {
      vocabulary.text(of: id)?.withUnsafeBufferPointer { if !$0.isEmpty { tree.insert($0, Int32(id)) } }
    }
    let model = UnigramModel(
      tree: tree, scores: scores, unknownScore: (scores.min() ?? 0) - unknownPenalty, unknown: unknown,
      fallback: try json.bool("byte_fallback", absent: false) ? vocabulary.byteTokens : nil)
    return (model, vocabulary)
  }

  /// Reads pieces with their scores, `[["a", -1.5], …]`. Of a piece given twice the last one counts.
  private static func pieces(_ json: LocatedJSON) throws(FileError) -> (Vocabulary, scores: [Double]) {
    guard let array = json.value.array else { throw json.failure("expected an array of pieces with scores") }
    var vocabulary = Vocabulary(capacity: array.count + 64)
    var scores: [Double] = []
    scores.reserveCapacity(array.count)
    for (id, element) in array.enumerated() {
      guard let pair = element.array, pair.count == 2, let piece = pair[0].string, let score = pair[1].double,
        score.isFinite
      else { throw json.failure("piece \(id) is not a text and a score") }
      if let problem = piece.withBytes({ vocabulary.insert($0, id: id, isModel: true, isRepeatable: true) }) {
        throw json.failure("piece \(id): \(problem)")
      }
      scores.append(score)
    }
    return (vocabulary, scores)
  }
}
