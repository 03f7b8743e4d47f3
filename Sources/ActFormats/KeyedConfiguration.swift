/// A JSON object that is read key by key; a missing or senseless value names the key.
///
/// It keeps account of the keys that were read, so that its reader can tell what is left over.
package protocol KeyedConfiguration {
  /// Where it stands, for messages.
  var path: String { get }
  var json: JSON { get }
  var account: KeyAccount { get }
}

/// The keys of a configuration that were read.
package final class KeyAccount {
  package var keys: Set<String> = []

  package init() {}
}

extension KeyedConfiguration {
  /// The value of a key; nil where there is none.
  package func value(_ key: String) -> JSON? {
    account.keys.insert(key)
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  /// Whether the key has a value.
  package func has(_ key: String) -> Bool { value(key) != nil }

  /// What is wrong with the value of a key.
  package func failure(_ key: String, _ expected: String) -> FileError {
    let found = json[key].map { $0.description.prefix(60) } ?? "nothing"
    return FileError(path, key, "expected \(expected), found \(found)")
  }

  package func flag(_ key: String, default fallback: Bool) throws(FileError) -> Bool {
    guard let value = value(key) else { return fallback }
    guard let flag = value.bool else { throw failure(key, "true or false") }
    return flag
  }

  /// A number in `range`; what lies outside is senseless. ``SaneRange`` names the usual ones.
  package func number(
    _ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil
  ) throws(FileError) -> Double {
    guard let number = try optionalNumber(key, in: range) ?? fallback else {
      throw failure(key, "a number from \(range.spelling)")
    }
    return number
  }

  /// A number that may be left out.
  package func optionalNumber(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw failure(key, "a number from \(range.spelling)")
    }
    return number
  }

  /// So many numbers in `range`.
  package func numbers(
    _ key: String, count: Int, in range: ClosedRange<Double>
  ) throws(FileError) -> [Double] {
    guard let array = value(key)?.array, array.count == count else {
      throw failure(key, "a list of \(count) numbers")
    }
    var numbers: [Double] = []
    for element in array {
      guard let number = element.double, range.contains(number) else {
        throw failure(key, "numbers from \(range.spelling)")
      }
      numbers.append(number)
    }
    return numbers
  }
}
