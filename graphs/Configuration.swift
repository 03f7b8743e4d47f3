import ActFormats

/// A model's `config.json`, read key by key; a missing or senseless value names the key.
///
/// It keeps account of the keys that were read: one that is left over may change what the model computes, and is an
/// error (``checkAllRead(by:)``).
struct Configuration {
  let path: String
  let json: JSON
  /// The longest sequence that is asked for, where somebody asks: some models choose frequencies by it.
  let wantedContext: Int?
  private let account = Account()

  private final class Account {
    var keys: Set<String> = []
    var objects: [String: Configuration] = [:]
  }

  init(path: String, json: JSON, wantedContext: Int? = nil) {
    self.path = path
    self.json = json
    self.wantedContext = wantedContext
  }

  func failure(_ key: String, _ expected: String) -> FileError {
    let found = json[key].map { $0.description.prefix(60) } ?? "nothing"
    return FileError(path, key, "expected \(expected), found \(found)")
  }

  /// Whether the key is there, be it with a value of null.
  func names(_ key: String) -> Bool { json[key] != nil }

  /// Whether the key has a value.
  func has(_ key: String) -> Bool { value(key) != nil }

  private func value(_ key: String) -> JSON? {
    account.keys.insert(key)
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  /// Counts keys as read that the model's published code ignores as it is configured.
  func disregard(_ keys: String...) { account.keys.formUnion(keys) }

  /// A size: an integer above 0.
  func size(_ key: String, default fallback: Int? = nil) throws -> Int {
    guard let value = value(key) else {
      guard let fallback else { throw failure(key, "an integer") }
      return fallback
    }
    guard let size = value.int, SaneRange.size.contains(size) else {
      throw failure(key, "an integer from 1 to \(SaneRange.size.upperBound)")
    }
    return size
  }

  /// A size that may be left out.
  func optionalSize(_ key: String) throws -> Int? { has(key) ? try size(key) : nil }

  /// A number of layers or the like: an integer from 0.
  func count(_ key: String, default fallback: Int) throws -> Int {
    guard let value = value(key) else { return fallback }
    guard let count = value.int, (0...SaneRange.size.upperBound).contains(count) else {
      throw failure(key, "an integer from 0 to \(SaneRange.size.upperBound)")
    }
    return count
  }

  /// Numbers of layers or the like, which may be left out.
  func counts(_ key: String) throws -> [Int]? {
    guard let value = value(key) else { return nil }
    guard let array = value.array else { throw failure(key, "a list of integers") }
    return try array.map { element in
      guard let count = element.int, (0...SaneRange.size.upperBound).contains(count) else {
        throw failure(key, "integers from 0 to \(SaneRange.size.upperBound)")
      }
      return count
    }
  }

  /// A size for each of `count` parts of a model: a list, or one number for all of them.
  func sizes(_ key: String, each count: Int, default fallback: Int) throws -> [Int] {
    guard value(key)?.array != nil else {
      return Array(repeating: try size(key, default: fallback), count: count)
    }
    let sizes = try sizes(key, default: [])
    guard sizes.count == count else { throw failure(key, "a number, or a list of \(count)") }
    return sizes
  }

  /// A flag for each of `count` parts of a model: a list, or one for all of them.
  func flags(_ key: String, each count: Int, default fallback: Bool) throws -> [Bool] {
    guard let array = value(key)?.array else {
      return Array(repeating: try flag(key, default: fallback), count: count)
    }
    let flags = array.compactMap(\.bool)
    guard flags.count == count, array.count == count else {
      throw failure(key, "true or false, or a list of \(count)")
    }
    return flags
  }

  /// The value of a key that may have several forms; nil where there is none.
  func element(_ key: String) -> JSON? { value(key) }

  /// Sizes, at least one.
  func sizes(_ key: String, default fallback: [Int]) throws -> [Int] {
    guard let value = value(key) else { return fallback }
    guard let array = value.array, !array.isEmpty else { throw failure(key, "a list of integers") }
    return try array.map { element in
      guard let size = element.int, SaneRange.size.contains(size) else {
        throw failure(key, "integers from 1 to \(SaneRange.size.upperBound)")
      }
      return size
    }
  }

  /// A number in `range`; what lies outside is senseless. ``SaneRange`` names the usual ones.
  func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil) throws -> Double
  {
    guard let value = value(key) else {
      guard let fallback else { throw failure(key, "a number from \(range.spelling)") }
      return fallback
    }
    guard let number = value.double, range.contains(number) else {
      throw failure(key, "a number from \(range.spelling)")
    }
    return number
  }

  /// A number that may be left out.
  func optionalNumber(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    has(key) ? try number(key, in: range) : nil
  }

  /// So many numbers in `range`.
  func numbers(_ key: String, count: Int, in range: ClosedRange<Double>) throws -> [Double] {
    guard let array = value(key)?.array, array.count == count else {
      throw failure(key, "a list of \(count) numbers")
    }
    return try array.map { element in
      guard let number = element.double, range.contains(number) else {
        throw failure(key, "numbers from \(range.spelling)")
      }
      return number
    }
  }

  func flag(_ key: String, default fallback: Bool) throws -> Bool {
    guard let value = value(key) else { return fallback }
    guard let flag = value.bool else { throw failure(key, "true or false") }
    return flag
  }

  func string(_ key: String, default fallback: String) throws -> String {
    guard let value = value(key) else { return fallback }
    guard let string = value.string else { throw failure(key, "a string") }
    return string
  }

  /// A list of strings that may be left out.
  func strings(_ key: String) throws -> [String]? {
    guard let value = value(key) else { return nil }
    guard let array = value.array else { throw failure(key, "a list of strings") }
    return try array.map { element in
      guard let string = element.string else { throw failure(key, "a list of strings") }
      return string
    }
  }

  func object(_ key: String) throws -> Configuration? {
    guard let value = value(key) else { return nil }
    guard value.members != nil else { throw failure(key, "an object") }
    if let known = account.objects[key] { return known }
    let object = Configuration(path: "\(path): \(key)", json: value, wantedContext: wantedContext)
    account.objects[key] = object
    return object
  }

  /// Checks that no key is left that may change what the model computes.
  ///
  /// One whose value is null, false or empty asks for nothing.
  func checkAllRead(by name: String) throws(FileError) {
    for member in json.members ?? [] where !account.keys.contains(member.key) {
      guard !HarmlessKeys.all.contains(member.key), !member.value.asksForNothing else { continue }
      throw FileError.unsupported(
        path, member.key, "expected a key that `\(name)` has, found \(member.value.description.prefix(60))",
        next: "remove it if the model computes the same without it")
    }
    for key in account.objects.keys.sorted() { try account.objects[key]?.checkAllRead(by: name) }
  }
}

extension JSON {
  fileprivate var asksForNothing: Bool {
    self == .null || bool == false || array?.isEmpty == true || members?.isEmpty == true
  }
}
