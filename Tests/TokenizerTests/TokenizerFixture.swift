import ActFormats
import ActText
import FoundationEssentials

/// How a tokenizer comes to a user: by the `tokenizer.json`, or by a plan.
enum TokenizerForm: CaseIterable {
  case json, compiled

  func load(_ json: JSON, path: String, config: TokenizerConfig? = nil) throws -> Tokenizer {
    switch self {
    case .json: try Tokenizer(json: json, path: path, config: config)
    case .compiled:
      try Tokenizer(CompiledTokenizer(json: json, path: path), path: path, config: config)
    }
  }
}

/// A tokenizer and what PyPI `tokenizers` makes of our lines with it (Scripts/make-tokenizer-fixtures.py).
struct TokenizerFixture: Sendable {
  /// The directory of the imported SmolLM2, or nil where the environment does not name one.
  static let smolLM2 = ProcessInfo.processInfo.environment["ACT_SMOLLM2"]

  /// The directory of all-MiniLM-L6-v2, or nil where the environment does not name one.
  static let miniLM = ProcessInfo.processInfo.environment["ACT_MINILM"]

  /// The directory that Scripts/check-tokenizers.py wrote, or nil where the environment does not name one.
  static let more = ProcessInfo.processInfo.environment["ACT_TOKENIZERS"]

  /// The tokenizers in `more`.
  static let moreNames: [String] = {
    let files = more.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
    return files.filter { $0.hasSuffix(".tokenizer.json") }.map { String($0.dropLast(15)) }.sorted()
  }()

  var tokenizer: Tokenizer
  var lines: [String]
  var cases: JSON

  static func path(_ name: String) -> String { fixture("tokenizer/" + name) }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path(name))))
  }

  init(_ name: String, _ form: TokenizerForm = .json, tokenizer path: String? = nil) throws {
    let path = path ?? Self.path(name + ".tokenizer.json")
    tokenizer = try form.load(JSON(readingFile: path), path: path)
    cases = try JSON(parsing: Self.bytes(name + ".cases.json"))
    lines = try JSON(parsing: Self.bytes("lines.json")).array?.compactMap(\.string) ?? []
    lines.removeLast(lines.count - rows("ids").count)
  }

  /// The tokenizer `name` of `more`, with lines of its own.
  init(more name: String) throws {
    let stem = (Self.more ?? "") + "/" + name
    tokenizer = try TokenizerForm.compiled.load(JSON(readingFile: stem + ".tokenizer.json"), path: name)
    cases = try JSON(readingFile: stem + ".cases.json")
    lines = cases["lines"]?.array?.compactMap(\.string) ?? []
  }

  /// `name` with other components in the place of its own, one after the other.
  static func variants(_ name: String, _ form: TokenizerForm) throws -> [(
    patch: JSON, fixture: TokenizerFixture
  )] {
    let base = try JSON(parsing: bytes(name + ".tokenizer.json"))
    let variants = try JSON(parsing: bytes(name + ".variants.json"))
    let lines = variants["lines"]?.array?.compactMap(\.string) ?? []
    return try (variants["variants"]?.array ?? []).map { cases in
      let patch = cases["patch"] ?? .null
      let json = base.replacing(patch.members ?? [])
      return (
        patch, TokenizerFixture(tokenizer: try form.load(json, path: name), lines: lines, cases: cases)
      )
    }
  }

  private init(tokenizer: Tokenizer, lines: [String], cases: JSON) {
    self.tokenizer = tokenizer
    self.lines = lines
    self.cases = cases
  }

  /// The rows of token ids under `key`.
  func rows(_ key: String) -> [[Int]] { cases[key]?.array?.map(Self.ids) ?? [] }

  func ids(_ key: String) -> [Int] { cases[key].map(Self.ids) ?? [] }

  /// The decoded texts of `rows("ids")`: the line, where nothing else is recorded under `key`.
  func decoded(_ key: String) -> [String] {
    var texts = lines
    for member in cases[key]?.members ?? [] { texts[Int(member.key)!] = member.value.string! }
    return texts
  }

  /// Rows of tokens that cut characters apart, with the text that the reference decodes them to.
  var broken: [(tokens: [Int], text: String)] {
    cases["broken"]?.array?.map { ($0.array.map { Self.ids($0[0]) } ?? [], $0.array?[1].string ?? "") } ?? []
  }

  /// Lines that are encoded as a pair with the one after them.
  var pairs: [(row: Int, ids: [Int], typeIDs: [Int], bareTypeIDs: [Int])] {
    cases["pairs"]?.array?.compactMap { pair in
      guard let pair = pair.array, let row = pair[0].int else { return nil }
      return (row, Self.ids(pair[1]), Self.ids(pair[2]), Self.ids(pair[3]))
    } ?? []
  }

  private static func ids(_ json: JSON) -> [Int] { json.array?.compactMap(\.int) ?? [] }
}

extension JSON {
  /// An object with `members` in the place of its own of the same keys.
  func replacing(_ members: [Member]) -> JSON {
    let rest = (self.members ?? []).filter { old in !members.contains { $0.key == old.key } }
    return .object(rest + members)
  }
}
