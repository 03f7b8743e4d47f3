import ActFormats

/// The tokens that belong before and after every text, such as a beginning-of-sequence token.
struct PostProcessor: Sendable {
  var before: [Int] = []
  var after: [Int] = []
}

extension PostProcessor {
  /// Reads the `post_processor` of a `tokenizer.json`; nil stands for none. `isToken` knows the vocabulary.
  init(_ json: LocatedJSON?, isToken: (Int) -> Bool) throws(FileError) {
    if let json { try append(json, isToken) }
  }

  private mutating func append(_ json: LocatedJSON, _ isToken: (Int) -> Bool) throws(FileError) {
    let type = try json.string("type")
    switch type {
    case "Sequence":
      try json.expectOnly(["type", "processors"])
      for element in try json.required("processors").elements() { try append(element, isToken) }
    case "ByteLevel": break  // Moves offsets, which we do not report; the tokens stay.
    case "TemplateProcessing": try appendTemplate(json, isToken)
    default: throw json.unsupported("the post-processor `\(type)`")
    }
  }

  private mutating func appendTemplate(_ json: LocatedJSON, _ isToken: (Int) -> Bool) throws(FileError) {
    try json.expectOnly(["type", "single", "pair", "special_tokens"])
    var first: [Int] = []
    var last: [Int] = []
    var sawText = false
    for element in try json.required("single").elements() {
      try element.expectOnly(["SpecialToken", "Sequence"])
      if let special = element["SpecialToken"] {
        let name = try special.string("id")
        guard let definition = try json.required("special_tokens")[name] else {
          throw special.failure("`\(name)` is not among the special_tokens")
        }
        for id in try definition.required("ids").elements() {
          let token = try id.int()
          guard isToken(token) else { throw id.failure("no token has the id \(token)") }
          if sawText { last.append(token) } else { first.append(token) }
        }
      } else {
        guard !sawText, try element.required("Sequence").string("id") == "A" else {
          throw element.unsupported("a template with other than one sequence A")
        }
        sawText = true
      }
    }
    guard sawText else { throw json.unsupported("a template without its sequence") }
    before = first + before
    after += last
  }
}
