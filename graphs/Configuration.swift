import ActFormats

/// A model's `config.json`: a key that is left over may change what the model computes, and is an error
/// (``checkAllRead(by:)``).
struct Configuration: KeyedConfiguration {
  let path: String
  private(set) var json: JSON
  /// The longest sequence that is asked for, where somebody asks: some models choose frequencies by it.
  let wantedContext: Int?
  let account = KeyAccount()
  private let objects = Objects()

  /// The objects in it that were read.
  private final class Objects {
    var byKey: [String: Configuration] = [:]
  }

  init(path: String, json: JSON, wantedContext: Int? = nil) {
    self.path = path
    self.json = json
    self.wantedContext = wantedContext
  }

  /// Whether the key is there, be it with a value of null.
  func names(_ key: String) -> Bool { json[key] != nil }

  /// The configuration with another value of a key. What is read of it counts as read of this one.
  func setting(_ key: String, to value: JSON) -> Configuration {
    var configuration = self
    configuration.json.set(key, value)
    return configuration
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
    if let known = objects.byKey[key] { return known }
    let object = Configuration(path: "\(path): \(key)", json: value, wantedContext: wantedContext)
    objects.byKey[key] = object
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
    for key in objects.byKey.keys.sorted() { try objects.byKey[key]?.checkAllRead(by: name) }
  }
}

extension JSON {
  fileprivate var asksForNothing: Bool {
    self == .null || bool == false || array?.isEmpty == true || members?.isEmpty == true
  }
}
