import ActFormats
import Glibc

/// The `tokenizer.json` of a folder that has `spiece.model` in its place, as older folders of T5 have.
///
/// Its rules are those that `T5Tokenizer` of transformers puts around the model of SentencePiece.
struct T5TokenizerFiles: TokenizerFiles {
  private static let mark = "▁"
  /// Where T5's vocabularies have the unknown piece.
  private static let unknown = 2

  private let directory: String
  private let tokens: AddedTokenFiles

  var path: String { "\(directory)/spiece.model" }

  /// Finds the files; nil where there are none, or where they are another class's.
  init?(directory: String) throws(FileError) {
    guard access("\(directory)/spiece.model", F_OK) == 0 else { return nil }
    tokens = try AddedTokenFiles(directory: directory)
    guard tokens.isOf(class: "T5Tokenizer") else { return nil }
    self.directory = directory
  }

  /// As a `tokenizer.json`.
  func tokenizer() throws(FileError) -> JSON {
    let model = try SentencePieceModel(path)
    try model.expectUnigrams()
    guard model.pieces.count > Self.unknown, model.pieces[Self.unknown].kind == .unknown else {
      throw .unsupported(
        path, nil, "a vocabulary whose piece \(Self.unknown) is not the unknown one is not supported",
        next: "save the tokenizer with transformers' AutoTokenizer, which writes tokenizer.json")
    }
    var ids: [String: Int] = [:]
    for (id, piece) in model.pieces.enumerated() { ids[piece.text] = id }
    var vocabulary: [JSON] = model.pieces.map { .array([.string($0.text), .double(Double($0.score))]) }
    let sentinels = try (0..<sentinelCount()).map { "<extra_id_\($0)>" }
    for text in sentinels.reversed() {
      guard ids.updateValue(vocabulary.count, forKey: text) == nil else {
        throw FileError(path, text, "is a piece, and one of the tokens that `extra_ids` adds")
      }
      vocabulary.append(.array([.string(text), .double(0)]))
    }
    let controls = model.pieces.filter { $0.kind == .control }.map(\.text)
    let added = try tokens.all(
      ids, named: ["eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"],
      additional: (controls + sentinels).map { AddedTokenText(content: $0) }, in: path)
    let end = try tokens.token("eos_token", or: "</s>", among: added, in: path).content
    func sequence(_ name: String) -> [JSON] {
      [
        .object(["Sequence": .object(["id": .string(name), "type_id": .int(0)])]),
        .object(["SpecialToken": .object(["id": .string(end), "type_id": .int(0)])]),
      ]
    }
    return .object([
      "version": .string("1.0"),
      "added_tokens": .array(added.map { $0.token.json(id: $0.id) }),
      "normalizer": model.charsmap.isEmpty
        ? .null
        : .object([
          "type": .string("Precompiled"), "precompiled_charsmap": .string(model.charsmap.base64),
        ]),
      "pre_tokenizer": .object([
        "type": .string("Sequence"),
        "pretokenizers": .array([.object(["type": .string("WhitespaceSplit")]), Self.metaspace]),
      ]),
      "post_processor": .object([
        "type": .string("TemplateProcessing"), "single": .array(sequence("A")),
        "pair": .array(sequence("A") + sequence("B")),
        "special_tokens": .object([
          JSON.Member(
            end,
            .object([
              "id": .string(end),
              "ids": .array([.int(added.last { $0.token.content == end }!.id)]),
              "tokens": .array([.string(end)]),
            ]))
        ]),
      ]),
      "decoder": Self.metaspace,
      "model": .object([
        "type": .string("Unigram"), "unk_id": .int(Self.unknown), "byte_fallback": .bool(false),
        "vocab": .array(vocabulary),
      ]),
    ])
  }

  /// How many tokens `<extra_id_0>`, … the class adds after the pieces.
  private func sentinelCount() throws(FileError) -> Int {
    let limit = 10_000
    guard let value = tokens.config["extra_ids"], value != .null else { return 100 }
    guard let count = value.int, (0...limit).contains(count) else {
      throw FileError(
        "\(directory)/tokenizer_config.json", "extra_ids", "expected a number up to \(limit), found \(value)")
    }
    return count
  }

  private static let metaspace = JSON.object([
    "type": .string("Metaspace"), "replacement": .string(mark), "prepend_scheme": .string("always"),
    "split": .bool(true),
  ])
}
