import ActFormats

extension PreTokenizer {
  /// GPT-2's own pattern, which the byte-level pre-tokenizer uses by default.
  private static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Reads the `pre_tokenizer` of a `tokenizer.json`; nil stands for none.
  init(_ json: LocatedJSON?) throws(FileError) {
    if let json { try append(json) }
  }

  private mutating func append(_ json: LocatedJSON) throws(FileError) {
    let type = try json.string("type")
    guard steps.count < 64 else { throw json.unsupported("more than 64 pre-tokenizers") }
    if isByteLevel, type != "Sequence" {
      steps.append(.byteLevel)
      isByteLevel = false
    }
    switch type {
    case "Sequence":
      try json.expectOnly(["type", "pretokenizers"])
      for element in try json.required("pretokenizers").elements() { try append(element) }
    case "ByteLevel":
      try json.expectOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"])
      if try json.bool("add_prefix_space", absent: true) { steps.append(.prefixSpace) }
      if try json.bool("use_regex", absent: true) {
        steps.append(.split(try json.pattern(PreTokenizer.gpt2Pattern), .isolated, invert: false))
      }
      isByteLevel = true
    case "BertPreTokenizer":
      try json.expectOnly(["type"])
      steps += [.cut(.whitespace, .removed), .cut(.punctuation, .isolated)]
    case "Whitespace":
      try json.expectOnly(["type"])
      steps.append(.words)
    case "WhitespaceSplit":
      try json.expectOnly(["type"])
      steps.append(.cut(.whitespace, .removed))
    case "Punctuation":
      try json.expectOnly(["type", "behavior"])
      steps.append(.cut(.punctuation, try json["behavior"]?.splitBehavior() ?? .isolated))
    case "Digits":
      try json.expectOnly(["type", "individual_digits"])
      steps.append(
        .cut(.numeric, try json.bool("individual_digits", absent: false) ? .isolated : .contiguous))
    case "CharDelimiterSplit":
      try json.expectOnly(["type", "delimiter"])
      steps.append(.cut(.scalar(try json.scalar("delimiter")), .removed))
    case "UnicodeScripts":
      try json.expectOnly(["type"])
      do { steps.append(.scripts(try UnicodeScripts())) } catch { throw json.failure(error.problem) }
    case "FixedLength":
      try json.expectOnly(["type", "length"])
      let length = try json["length"]?.int() ?? 5
      guard length > 0 else { throw json.failure("expected a length of 1 or more, found \(length)") }
      steps.append(.fixedLength(length))
    case "Split":
      try json.expectOnly(["type", "pattern", "behavior", "invert"])
      let pattern = try json.required("pattern").stringOrRegex()
      let behavior = try json.required("behavior").splitBehavior()
      steps.append(.split(pattern, behavior, invert: try json.bool("invert", absent: false)))
    case "Metaspace":
      try json.expectOnly(["type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"])
      let mark = String(Character(try json.scalar("replacement")))
      steps.append(.metaspace(mark: Array(mark.utf8), prefix: try json.metaspacePrefix()))
      if try json.bool("split", absent: true) {
        steps.append(.split(try json.pattern(mark, literal: true), .mergedWithNext, invert: false))
      }
    default: throw json.unsupported("the pre-tokenizer `\(type)`")
    }
  }
}

extension LocatedJSON {
  func pattern(_ source: String, literal: Bool = false) throws(FileError) -> TokenPattern {
    do {
      return try TokenPattern(source, literal: literal)
    } catch {
      throw failure(error.problem)
    }
  }

  /// A pattern in one of its two forms, `{"String": …}` or `{"Regex": …}`.
  func stringOrRegex() throws(FileError) -> TokenPattern {
    try expectOnly(["String", "Regex"])
    if let text = self["String"] { return try text.pattern(text.string(), literal: true) }
    let regex = try required("Regex")
    return try regex.pattern(regex.string())
  }

  func splitBehavior() throws(FileError) -> SplitBehavior {
    let name = try string()
    guard let behavior = SplitBehavior(rawValue: name) else { throw unsupported("the behavior `\(name)`") }
    return behavior
  }

  /// The scheme of a `Metaspace`, which old files spell as the flag `add_prefix_space`.
  func metaspacePrefix() throws(FileError) -> MetaspacePrefix {
    guard let scheme = self["prepend_scheme"] else {
      return try bool("add_prefix_space", absent: true) ? .always : .never
    }
    guard let prefix = MetaspacePrefix(rawValue: try scheme.string()) else {
      throw scheme.failure("expected always, first or never")
    }
    if try !bool("add_prefix_space", absent: true), prefix != .never {
      throw scheme.failure("expected never, as add_prefix_space is false, found \(prefix.rawValue)")
    }
    return prefix
  }
}
