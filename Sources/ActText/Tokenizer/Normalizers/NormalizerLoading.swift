import ActFormats

extension Normalizer {
  /// Reads the `normalizer` of a `tokenizer.json`; nil stands for none.
  init(_ json: LocatedJSON?) throws(FileError) {
    if let json { try append(json) }
  }

  private mutating func append(_ json: LocatedJSON) throws(FileError) {
    let type = try json.string("type")
    guard steps.count < 64 else { throw json.unsupported("more than 64 normalizers") }
    switch type {
    case "Sequence":
      try json.expectOnly(["type", "normalizers"])
      for element in try json.required("normalizers").elements() { try append(element) }
    case "NFC", "NFD", "NFKC", "NFKD":
      try json.expectOnly(["type"])
      if let form = UnicodeForm(rawValue: type) { steps.append(.form(form)) }
    case "Lowercase":
      try json.expectOnly(["type"])
      steps.append(.lowercase)
    case "StripAccents":
      try json.expectOnly(["type"])
      steps.append(.stripAccents)
    case "Nmt":
      try json.expectOnly(["type"])
      steps.append(.nmt)
    case "ByteLevel":
      try json.expectOnly(["type"])
      steps.append(.byteLevel)
    case "BertNormalizer": steps.append(.bert(try BertNormalizer(json)))
    case "Strip":
      try json.expectOnly(["type", "strip_left", "strip_right"])
      steps.append(.strip(left: try json.bool("strip_left"), right: try json.bool("strip_right")))
    case "Precompiled":
      try json.expectOnly(["type", "precompiled_charsmap"])
      steps.append(.precompiled(try Charsmap(json.required("precompiled_charsmap"))))
    case "Replace":
      try json.expectOnly(["type", "pattern", "content"])
      let pattern = try json.required("pattern").stringOrRegex()
      steps.append(.replace(pattern, by: Array(try json.string("content").utf8)))
    case "Prepend":
      try json.expectOnly(["type", "prepend"])
      steps.append(.prepend(Array(try json.string("prepend").utf8)))
    default: throw json.unsupported("the normalizer `\(type)`")
    }
  }
}
