import ActFormats

/// A JSON value with the file and the place that it came from, so that errors can name both.
struct LocatedJSON {
  let path: String
  let place: String
  let value: JSON

  func failure(_ problem: String, next: String? = nil) -> FileError {
    FileError(path, place.isEmpty ? nil : place, problem, next: next)
  }

  func unsupported(_ what: String) -> FileError {
    .unsupported(
      path, place.isEmpty ? nil : place, "not supported: \(what)",
      next: "use a tokenizer without it, or convert this one")
  }

  /// The member named `key`, or nil where it is absent or null.
  subscript(key: String) -> LocatedJSON? {
    guard let member = value[key], member != .null else { return nil }
    return LocatedJSON(path: path, place: place.isEmpty ? key : "\(place).\(key)", value: member)
  }

  func required(_ key: String) throws(FileError) -> LocatedJSON {
    guard let member = self[key] else { throw failure("`\(key)` is missing") }
    return member
  }

  func string(_ key: String) throws(FileError) -> String { try required(key).string() }

  func string() throws(FileError) -> String {
    guard let text = value.string else { throw failure("expected a string") }
    return text
  }

  /// The boolean named `key`, or `absent` where there is none.
  func bool(_ key: String, absent: Bool) throws(FileError) -> Bool {
    try self[key]?.bool() ?? absent
  }

  /// The boolean named `key`, which must be there.
  func bool(_ key: String) throws(FileError) -> Bool { try required(key).bool() }

  func bool() throws(FileError) -> Bool {
    guard let flag = value.bool else { throw failure("expected true or false") }
    return flag
  }

  func int() throws(FileError) -> Int {
    guard let number = value.int else { throw failure("expected an integer") }
    return number
  }

  func elements() throws(FileError) -> [LocatedJSON] {
    guard let array = value.array else { throw failure("expected an array") }
    return array.enumerated().map {
      LocatedJSON(path: path, place: "\(place)[\($0.offset)]", value: $0.element)
    }
  }

  /// The member named `key`, a text of one character.
  func scalar(_ key: String) throws(FileError) -> Unicode.Scalar {
    let member = try required(key)
    let text = try member.string().unicodeScalars
    guard let scalar = text.first, text.count == 1 else { throw member.failure("expected one character") }
    return scalar
  }

  /// Refuses members other than `keys`, and than `table` unless that is elsewhere.
  func expectOnly(_ keys: Set<String>, or table: String, unless isElsewhere: Bool) throws(FileError) {
    try expectOnly(isElsewhere ? keys : keys.union([table]))
  }

  /// Refuses members other than `keys`: what we do not know may change the tokens.
  func expectOnly(_ keys: Set<String>) throws(FileError) {
    guard let members = value.members else { throw failure("expected an object") }
    for member in members where !keys.contains(member.key) { throw unsupported("the field `\(member.key)`") }
  }
}
