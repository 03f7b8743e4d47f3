/// What a model file of SentencePiece says, such as `spiece.model`: `ModelProto` of `sentencepiece_model.proto`.
package struct SentencePieceModel: Sendable {
  package enum Kind: UInt64, Sendable { case normal = 1, unknown, control, userDefined, unused, byte }

  /// A piece of text that is a token, and its score: the logarithm of its probability.
  package struct Piece: Sendable {
    package var text: String
    package var score: Float
    package var kind: Kind
  }

  package let path: String
  package private(set) var pieces: [Piece] = []
  /// The rewriting rules for texts as SentencePiece compiles them; empty where there are none.
  package private(set) var charsmap: [UInt8] = []

  /// The number of the algorithm; 1 is a unigram model.
  private var algorithm: UInt64 = 1
  private var hasByteFallback = false
  private var marksEnds = false
  private var addsSpace = true
  private var collapses = true
  private var marksSpaces = true

  /// Reads a file.
  ///
  /// - Throws: `FileError` for one that is damaged, or too large.
  package init(_ path: String) throws(FileError) {
    self.path = path
    let file = try MappedFile(path)
    // Three times the largest in use.
    guard file.bytes.count <= 32 << 20 else { throw FileError(path, nil, "a tokenizer file over 32 MiB") }
    try withExtendedLifetime(file) { () throws(FileError) in try read(file) }
  }

  /// Throws where the model is another than a unigram model whose texts begin with a space, have no two in a row, and
  /// `▁` in their place.
  package func expectUnigrams() throws(FileError) {
    func expect(_ isMet: Bool, _ place: String, _ found: String) throws(FileError) {
      guard isMet else {
        throw .unsupported(
          path, place, "\(found) is not supported",
          next: "save the tokenizer with transformers' AutoTokenizer, which writes tokenizer.json")
      }
    }
    try expect(
      algorithm == 1, "trainer_spec.model_type",
      "an algorithm of the number \(algorithm), other than unigrams,")
    try expect(!hasByteFallback, "trainer_spec.byte_fallback", "true")
    try expect(!marksEnds, "trainer_spec.treat_whitespace_as_suffix", "true")
    try expect(addsSpace, "normalizer_spec.add_dummy_prefix", "false")
    try expect(collapses, "normalizer_spec.remove_extra_whitespaces", "false")
    try expect(marksSpaces, "normalizer_spec.escape_whitespaces", "false")
    for (index, piece) in pieces.enumerated() {
      try expect(
        [.normal, .unknown, .control].contains(piece.kind), "piece \(index)",
        "a piece of the type \(piece.kind)")
    }
  }

  // MARK: Messages

  private mutating func read(_ file: MappedFile) throws(FileError) {
    var reader = ProtobufReader(file.bytes, of: file)
    while let (number, value) = try reader.next() {
      guard case .bytes(let message) = value else { continue }
      switch number {
      case 1: pieces.append(try piece(message, file))
      case 2: try readTraining(message, file)
      case 3: try readNormalizer(message, file)
      default: break
      }
    }
    guard !pieces.isEmpty else {
      throw FileError(path, nil, "expected a model of SentencePiece, found no pieces")
    }
    var seen = Set<String>()
    for (index, piece) in pieces.enumerated() where !seen.insert(piece.text).inserted {
      throw FileError(path, "piece \(index)", "`\(legible(piece.text))` is there twice")
    }
  }

  private func piece(_ bytes: UnsafeRawBufferPointer, _ file: MappedFile) throws(FileError) -> Piece {
    var piece = Piece(text: "", score: 0, kind: .normal)
    var reader = ProtobufReader(bytes, of: file)
    let place = "piece \(pieces.count)"
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (1, .bytes(let text)):
        guard let text = String(validating: text, as: UTF8.self) else {
          throw FileError(path, place, "not UTF-8")
        }
        piece.text = text
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .integer(let kind)):
        guard let kind = Kind(rawValue: kind) else {
          throw FileError(path, place, "expected a type from 1 to 6, found \(kind)")
        }
        piece.kind = kind
      default: break
      }
    }
    guard !piece.text.isEmpty, piece.score.isFinite else {
      throw FileError(path, place, "expected a text and a finite score")
    }
    return piece
  }

  private mutating func readTraining(_ bytes: UnsafeRawBufferPointer, _ file: MappedFile) throws(FileError) {
    var reader = ProtobufReader(bytes, of: file)
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (3, .integer(let number)): algorithm = number
      case (24, .integer(let flag)): marksEnds = flag != 0
      case (35, .integer(let flag)): hasByteFallback = flag != 0
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: UnsafeRawBufferPointer, _ file: MappedFile) throws(FileError)
  {
    var reader = ProtobufReader(bytes, of: file)
    while let (number, value) = try reader.next() {
      switch (number, value) {
      case (2, .bytes(let rules)): charsmap = Array(rules)
      case (3, .integer(let flag)): addsSpace = flag != 0
      case (4, .integer(let flag)): collapses = flag != 0
      case (5, .integer(let flag)): marksSpaces = flag != 0
      default: break
      }
    }
  }
}
