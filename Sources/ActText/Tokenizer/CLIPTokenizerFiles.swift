import ActFormats
import Glibc

/// The `tokenizer.json` of a folder that has `vocab.json` and `merges.txt` in its place, as folders of CLIP have.
///
/// Its rules are those that `CLIPTokenizer` of transformers puts around the two. Special tokens come from
/// `tokenizer_config.json`, and where that does not list its added tokens from `special_tokens_map.json` and
/// `added_tokens.json` too.
struct CLIPTokenizerFiles: TokenizerFiles {
  private let directory: String
  private let tokens: AddedTokenFiles

  var path: String { "\(directory)/vocab.json" }

  /// Finds the files; nil where there are none, or where they are another class's.
  init?(directory: String) throws(FileError) {
    guard ["vocab.json", "merges.txt"].allSatisfy({ access("\(directory)/\($0)", F_OK) == 0 }) else {
      return nil
    }
    tokens = try AddedTokenFiles(directory: directory)
    guard tokens.isOf(class: "CLIPTokenizer") else { return nil }
    self.directory = directory
  }

  /// As a `tokenizer.json`.
  func tokenizer() throws(FileError) -> JSON {
    let vocabulary = try JSON(tokenizerFile: path)
    guard let members = vocabulary.members else { throw FileError(path, nil, "expected an object") }
    var ids: [String: Int] = [:]
    for member in members {
      guard let id = member.value.int, (0...Int(Int32.max)).contains(id) else {
        throw FileError(path, legible(member.key), "expected the number of a token")
      }
      ids[member.key] = id
    }
    let added = try tokens.all(
      ids,
      named: ["bos_token": Self.start, "eos_token": Self.end, "unk_token": Self.end, "pad_token": Self.end],
      in: path)
    func special(_ name: String, _ fallback: String) throws(FileError) -> AddedTokenText {
      try tokens.token(name, or: fallback, among: added, in: path)
    }
    let (start, end) = (try special("bos_token", Self.start), try special("eos_token", Self.end))
    let unknown = try special("unk_token", Self.end)
    func id(_ token: AddedTokenText) -> Int { added.last { $0.token.content == token.content }!.id }
    return .object([
      "version": .string("1.0"),
      "added_tokens": .array(added.map { $0.token.json(id: $0.id) }),
      "normalizer": Self.normalizer,
      "pre_tokenizer": Self.preTokenizer,
      "post_processor": .object([
        "type": .string("RobertaProcessing"), "sep": .array([.string(end.content), .int(id(end))]),
        "cls": .array([.string(start.content), .int(id(start))]), "trim_offsets": .bool(false),
        "add_prefix_space": .bool(false),
      ]),
      "decoder": Self.byteLevel,
      "model": .object([
        "type": .string("BPE"), "dropout": .null, "unk_token": .string(unknown.content),
        "continuing_subword_prefix": .string(""), "end_of_word_suffix": .string("</w>"),
        "fuse_unk": .bool(false), "byte_fallback": .bool(false), "ignore_merges": .bool(false),
        "vocab": vocabulary, "merges": .array(try merges()),
      ]),
    ])
  }

  private static let start = "<|startoftext|>"
  private static let end = "<|endoftext|>"

  // MARK: Merges

  /// The lines of `merges.txt`, but for the version on the first.
  private func merges() throws(FileError) -> [JSON] {
    let path = "\(directory)/merges.txt"
    let file = try MappedFile(path)
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw FileError(path, nil, "not UTF-8")
    }
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var merges: [JSON] = []
    for (index, line) in lines.enumerated() {
      let line =
        Substring(line).unicodeScalars.last == "\r"
        ? Substring(line).unicodeScalars.dropLast() : Substring(line).unicodeScalars
      if line.isEmpty || (index == 0 && String(line).hasPrefix("#version")) { continue }
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts.contains(where: \.isEmpty) else {
        throw FileError(path, "line \(index + 1)", "expected two tokens, found `\(legible(String(line)))`")
      }
      merges.append(.array(parts.map { .string(String($0)) }))
    }
    return merges
  }

  // MARK: Rules

  private static let byteLevel = JSON.object([
    "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
    "use_regex": .bool(true),
  ])

  private static let normalizer = JSON.object([
    "type": .string("Sequence"),
    "normalizers": .array([
      .object(["type": .string("NFC")]),
      .object([
        "type": .string("Replace"), "pattern": .object(["Regex": .string(#"\s+"#)]), "content": .string(" "),
      ]), .object(["type": .string("Lowercase")]),
    ]),
  ])

  private static let preTokenizer = JSON.object([
    "type": .string("Sequence"),
    "pretokenizers": .array([
      .object([
        "type": .string("Split"),
        "pattern": .object([
          "Regex": .string(
            #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#)
        ]), "behavior": .string("Removed"), "invert": .bool(true),
      ]), byteLevel,
    ]),
  ])
}
