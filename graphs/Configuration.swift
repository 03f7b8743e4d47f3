import ActFormats

/// A model's `config.json`, read key by key; a missing or senseless value names the key.
struct Configuration {
  let path: String
  let json: JSON

  func failure(_ key: String, _ expected: String) -> FileError {
    let found = json[key].map { $0.description.prefix(60) } ?? "nothing"
    return FileError(path, key, "expected \(expected), found \(found)")
  }

  private func value(_ key: String) -> JSON? {
    guard let value = json[key], value != .null else { return nil }
    return value
  }

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

  /// An index: an integer from 0 on.
  func index(_ key: String, default fallback: Int) throws -> Int {
    guard let value = value(key) else { return fallback }
    guard let index = value.int, (0...SaneRange.size.upperBound).contains(index) else {
      throw failure(key, "an integer from 0 to \(SaneRange.size.upperBound)")
    }
    return index
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

  func object(_ key: String) throws -> Configuration? {
    guard let value = value(key) else { return nil }
    guard value.members != nil else { throw failure(key, "an object") }
    return Configuration(path: "\(path): \(key)", json: value)
  }
}
