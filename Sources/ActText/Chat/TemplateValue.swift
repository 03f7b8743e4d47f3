/// A value of a template, as Python has it.
///
/// Lists, dictionaries and texts never change: in `transformers` templates may not change them either.
enum TemplateValue {
  case undefined
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  /// Text that `safe` or `escape` marked.
  case markup(String)
  case list([TemplateValue], TemplateListKind = .list)
  case object(TemplateObject)
  case namespace(TemplateNamespace)
  /// What can be gone through once, such as the result of `map`.
  case iterator(TemplateIterator)
  case loop(TemplateLoop)
  case function(TemplateFunction)

}

enum TemplateListKind {
  case list, tuple, range
  /// The keys, values or items of a dictionary, which have no index.
  case view
}

/// What can be called.
enum TemplateFunction {
  case macro(TemplateMacro)
  /// A method of a value.
  indirect case method(TemplateValue, String)
  /// One that every template has.
  case global(String)
}

/// A dictionary, in the order of its insertions.
struct TemplateObject {
  struct Member {
    var key: TemplateValue
    var value: TemplateValue
  }

  private(set) var members: [Member] = []
  private var indices: [TemplateKey: Int] = [:]

  init() {}

  init(_ members: [(String, TemplateValue)]) {
    for (key, value) in members { self[string: key] = value }
  }

  subscript(string key: String) -> TemplateValue? {
    get { indices[.string(Array(key.utf8))].map { members[$0].value } }
    set { if let newValue { set(.string(key), .string(Array(key.utf8)), newValue) } }
  }

  /// The value of `key`, or nil where there is none; a key that Python could have and we do not is an error.
  func value(of key: TemplateValue) throws(TemplateError) -> TemplateValue? {
    indices[try TemplateKey(key)].map { members[$0].value }
  }

  mutating func set(_ key: TemplateValue, to value: TemplateValue) throws(TemplateError) {
    set(key, try TemplateKey(key), value)
  }

  private mutating func set(_ key: TemplateValue, _ hashed: TemplateKey, _ value: TemplateValue) {
    if let index = indices[hashed] {
      members[index].value = value
    } else {
      indices[hashed] = members.count
      members.append(Member(key: key, value: value))
    }
  }
}

/// A key of a dictionary. Those that are equal in Python are equal here: 1, 1.0 and True.
enum TemplateKey: Hashable {
  case none
  case number(Double)
  case string([UInt8])

  init(_ value: TemplateValue) throws(TemplateError) {
    switch value {
    case .none: self = .none
    case .bool(let flag): self = .number(flag ? 1 : 0)
    case .int(let number) where abs(Double(number)) < 0x1p53: self = .number(Double(number))
    case .float(let number): self = .number(number)
    case .string(let text), .markup(let text): self = .string(Array(text.utf8))
    case .list(_, .list), .object:
      throw TemplateError("a key that is \(value.kind), which Python cannot look up")
    default: throw .unsupported("a key that is \(value.kind)")
    }
  }
}

/// What `namespace()` makes: members that loops can set.
final class TemplateNamespace {
  var members: TemplateObject

  init(_ members: TemplateObject) { self.members = members }
}

/// Values that are handed out once.
final class TemplateIterator {
  private var rest: [TemplateValue]

  init(_ values: [TemplateValue]) { rest = values.reversed() }

  func next() -> TemplateValue? { rest.popLast() }

  /// All that are left.
  func all() -> [TemplateValue] {
    defer { rest = [] }
    return rest.reversed()
  }

  /// Those left up to the first that is equal to `value`, which is taken too; whether there is one.
  func advance(to value: TemplateValue) throws(TemplateError) -> Bool {
    while let next = rest.popLast() { if try next.equals(value) { return true } }
    return false
  }
}

/// `loop`, in the body of a `for`.
final class TemplateLoop {
  let values: [TemplateValue]
  var index = 0
  /// What `changed` was last called with.
  var changes: [TemplateValue]?

  init(_ values: [TemplateValue]) { self.values = values }

  func member(_ name: String) -> TemplateValue? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(values.count - index)
    case "revindex0": .int(values.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == values.count - 1)
    case "length": .int(values.count)
    // Of a loop that is not recursive.
    case "depth": .int(1)
    case "depth0": .int(0)
    case "previtem": index > 0 ? values[index - 1] : .undefined
    case "nextitem": index + 1 < values.count ? values[index + 1] : .undefined
    default: nil
    }
  }
}

/// A macro, and the variables where it was defined.
final class TemplateMacro {
  let name: String
  let signature: MacroSignature
  let body: [TemplateNode]
  let scope: TemplateScope

  init(_ name: String, _ signature: MacroSignature, _ body: [TemplateNode], _ scope: TemplateScope) {
    self.name = name
    self.signature = signature
    self.body = body
    self.scope = scope
  }
}

/// Variables, and those around them.
final class TemplateScope {
  var variables: [String: TemplateValue]
  private let outer: TemplateScope?

  init(_ variables: [String: TemplateValue] = [:], in outer: TemplateScope? = nil) {
    self.variables = variables
    self.outer = outer
  }

  subscript(name: String) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let here = scope {
      if let value = here.variables[name] { return value }
      scope = here.outer
    }
    return nil
  }
}

extension TemplateValue {
  /// What it is, for messages.
  var kind: String {
    switch self {
    case .undefined: "an undefined value"
    case .none: "none"
    case .bool: "a truth value"
    case .int, .float: "a number"
    case .string, .markup: "a text"
    case .list(_, .tuple): "a tuple"
    case .list(_, .range): "a range"
    case .list: "a list"
    case .object: "a dictionary"
    case .namespace: "a namespace"
    case .iterator: "an iterator"
    case .loop: "a loop"
    case .function: "a function"
    }
  }

  /// Whether it counts as true.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let flag): flag
    case .int(let number): number != 0
    case .float(let number): number != 0
    case .string(let text), .markup(let text): !text.isEmpty
    case .list(let values, _): !values.isEmpty
    case .object(let object): !object.members.isEmpty
    case .namespace, .iterator, .loop, .function: true
    }
  }

  /// The text of a text.
  var text: String? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// The number of a whole number; truth values are 0 and 1.
  var integer: Int? {
    switch self {
    case .int(let number): number
    case .bool(let flag): flag ? 1 : 0
    default: nil
    }
  }

  /// The number of any number.
  var number: Double? {
    if case .float(let number) = self { return number }
    return integer.map(Double.init)
  }

  /// The values that a loop goes through; nil where it cannot.
  func elements() -> [TemplateValue]? {
    switch self {
    case .undefined: []
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    case .markup(let text): text.unicodeScalars.map { .markup(String($0)) }
    case .list(let values, _): values
    case .object(let object): object.members.map(\.key)
    case .iterator(let iterator): iterator.all()
    case .none, .bool, .int, .float, .namespace, .loop, .function: nil
    }
  }

  /// The same, or an error that says what cannot be gone through.
  func iterated() throws(TemplateError) -> [TemplateValue] {
    guard let elements = elements() else { throw TemplateError("\(kind) cannot be gone through") }
    return elements
  }

  /// How many values there are in it, itself and those in those: what it takes to compare or to print it. Where a value
  /// is in it several times, it counts several times. Counting ends above `limit`, which is also what too many within each
  /// other count as.
  func weight(limit: Int, depth: Int = 0) -> Int {
    guard depth < 128 else { return limit + 1 }
    var weight = 1
    switch self {
    case .string(let text), .markup(let text): weight += text.utf8.count / 16
    case .list(let values, _):
      for value in values where weight <= limit {
        weight += value.weight(limit: limit - weight, depth: depth + 1)
      }
    case .object(let object):
      for member in object.members where weight <= limit {
        weight += 1 + member.value.weight(limit: limit - weight, depth: depth + 1)
      }
    case .undefined, .none, .bool, .int, .float, .namespace, .iterator, .loop, .function: break
    }
    return weight
  }

  /// How many values it has; nil where Python has no answer.
  var length: Int? {
    switch self {
    case .undefined: 0
    case .string(let text), .markup(let text): text.unicodeScalars.count
    case .list(let values, _): values.count
    case .object(let object): object.members.count
    case .loop(let loop): loop.values.count
    case .none, .bool, .int, .float, .namespace, .iterator, .function: nil
    }
  }
}
