/// A JSON value that keeps the order of its keys.
///
/// The parser is strict (RFC 8259): duplicate keys, trailing text, lone surrogates and deep nesting are errors,
/// because headers of untrusted files come through here.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// The number's own spelling, so that 64-bit integers and floats survive unchanged.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  package struct Member: Hashable, Sendable {
    package var key: String
    package var value: JSON

    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }
}

extension JSON {
  package static func int(_ value: Int) -> JSON { .number(String(value)) }

  /// A finite double, in the shortest spelling that reads back exactly; NaN and infinities become null.
  package static func double(_ value: Double) -> JSON { value.isFinite ? .number("\(value)") : .null }

  package static func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .object(members.map { Member($0.key, $0.value) })
  }

  /// The member named `key` of an object, or nil.
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var members: [Member]? { if case .object(let value) = self { value } else { nil } }

  /// The number as an integer, if it is one (`3` and `3.0`, not `3.5`).
  package var int: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
  }
}

extension JSON {
  /// Sets a member of an object in its place, adds it, or with nil removes it.
  package mutating func set(_ key: String, _ value: JSON?) {
    guard case .object(var members) = self else { return }
    let index = members.firstIndex { $0.key == key }
    switch (index, value) {
    case (let index?, let value?): members[index].value = value
    case (let index?, nil): members.remove(at: index)
    case (nil, let value?): members.append(Member(key, value))
    case (nil, nil): break
    }
    self = .object(members)
  }
}
