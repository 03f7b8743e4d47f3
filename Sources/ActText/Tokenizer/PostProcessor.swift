import ActFormats

/// Puts the tokens of one text, or of two, together with those that belong around them.
struct PostProcessor: Sendable {
  enum Step: Sendable {
    /// BERT's: a token before the first text and one after each.
    case bert(first: Int, separator: Int)
    /// RoBERTa's: a token before the first text and one on either side of each other. There is one type of tokens.
    case roberta(first: Int, separator: Int)
    /// `pair` is nil where the file has no template for two texts.
    case template(single: [Piece], pair: [Piece]?)
  }

  /// A part of a template.
  enum Piece: Sendable {
    case text(Int, typeID: Int)
    case tokens([Int], typeID: Int)
  }

  var steps: [Step] = []

  /// The tokens of `texts`, of which there are one or two, and those around them; nil where a template for as many
  /// texts is missing.
  func apply(to texts: [TokenEncoding], addSpecialTokens: Bool) -> TokenEncoding? {
    var parts = texts
    for step in steps {
      switch step {
      case .bert(let first, let separator):
        if addSpecialTokens {
          for index in parts.indices {
            // Of two texts that come before a separator of their own, the second gives it its type.
            parts[index].surround(
              first: index == 0 ? [first] : [], last: [separator], typeID: index == 0 ? 0 : 1)
          }
        }
      case .roberta(let first, let separator):
        for index in parts.indices {
          parts[index].typeIDs = [Int](repeating: 0, count: parts[index].ids.count)
          if addSpecialTokens {
            parts[index].surround(first: [index == 0 ? first : separator], last: [separator], typeID: 0)
          }
        }
      case .template(let single, let pair):
        guard let template = parts.count == 1 ? single : pair else { return nil }
        let before = parts
        parts = template.compactMap { piece in
          switch piece {
          case .text(let index, let typeID):
            TokenEncoding(
              ids: before[index].ids, typeIDs: [Int](repeating: typeID, count: before[index].ids.count))
          case .tokens(let ids, let typeID):
            addSpecialTokens
              ? TokenEncoding(ids: ids, typeIDs: [Int](repeating: typeID, count: ids.count)) : nil
          }
        }
      }
    }
    return parts.reduce(TokenEncoding(), +)
  }
}

extension TokenEncoding {
  fileprivate mutating func surround(first: [Int], last: [Int], typeID: Int) {
    ids = first + ids + last
    typeIDs =
      [Int](repeating: typeID, count: first.count) + typeIDs + [Int](repeating: typeID, count: last.count)
  }
}

extension PostProcessor {
  /// Reads the `post_processor` of a `tokenizer.json`; nil stands for none. `isToken` knows the vocabulary.
  init(_ json: LocatedJSON?, isToken: (Int) -> Bool) throws(FileError) {
    if let json { try append(json, isToken) }
  }

  private mutating func append(_ json: LocatedJSON, _ isToken: (Int) -> Bool) throws(FileError) {
    let type = try json.string("type")
    guard steps.count < 64 else { throw json.unsupported("more than 64 post-processors") }
    switch type {
    case "Sequence":
      try json.expectOnly(["type", "processors"])
      for element in try json.required("processors").elements() { try append(element, isToken) }
    case "ByteLevel": break  // Moves offsets, which we do not report; the tokens stay.
    case "BertProcessing":
      try json.expectOnly(["type", "sep", "cls"])
      steps.append(.bert(first: try json.token("cls", isToken), separator: try json.token("sep", isToken)))
    case "RobertaProcessing":
      // The other two move offsets.
      try json.expectOnly(["type", "sep", "cls", "trim_offsets", "add_prefix_space"])
      steps.append(.roberta(first: try json.token("cls", isToken), separator: try json.token("sep", isToken)))
    case "TemplateProcessing":
      for case .template in steps { throw json.unsupported("a template after another") }
      try json.expectOnly(["type", "single", "pair", "special_tokens"])
      steps.append(
        .template(
          single: try json.required("single").template(of: 1, json["special_tokens"], isToken),
          pair: try json["pair"]?.template(of: 2, json["special_tokens"], isToken)))
    default: throw json.unsupported("the post-processor `\(type)`")
    }
  }
}

extension LocatedJSON {
  /// The id of a token that is given as `[text, id]`.
  fileprivate func token(_ key: String, _ isToken: (Int) -> Bool) throws(FileError) -> Int {
    let pair = try required(key).elements()
    guard pair.count == 2 else { throw try required(key).failure("expected a token and its id") }
    return try pair[1].tokenID(isToken)
  }

  private func tokenID(_ isToken: (Int) -> Bool) throws(FileError) -> Int {
    let id = try int()
    guard isToken(id) else { throw failure("no token has the id \(id)") }
    return id
  }

  /// The pieces of a template for `count` texts, A and B.
  fileprivate func template(
    of count: Int, _ special: LocatedJSON?, _ isToken: (Int) -> Bool
  ) throws(FileError) -> [PostProcessor.Piece] {
    var pieces: [PostProcessor.Piece] = []
    for element in try elements() {
      try element.expectOnly(["SpecialToken", "Sequence"])
      if let token = element["SpecialToken"] {
        let name = try token.string("id")
        guard let definition = special?[name] else {
          throw token.failure("`\(name)` is not among the special_tokens")
        }
        var ids: [Int] = []
        for id in try definition.required("ids").elements() { ids.append(try id.tokenID(isToken)) }
        pieces.append(.tokens(ids, typeID: try token.typeID()))
      } else {
        let text = try element.required("Sequence")
        let name = try text.string("id")
        guard let index = ["A", "B"].prefix(count).firstIndex(of: name) else {
          throw text.failure("expected \(count == 1 ? "A" : "A or B"), found \(name)")
        }
        pieces.append(.text(index, typeID: try text.typeID()))
      }
    }
    return pieces
  }

  private func typeID() throws(FileError) -> Int {
    let id = try self["type_id"]?.int() ?? 0
    guard (0...Int(UInt32.max)).contains(id) else {
      throw failure("expected a type_id of 0 or more, found \(id)")
    }
    return id
  }
}
