/// The header's values of a GGUF file, each read as what it must be; what the file leaves out is said or refused.
struct GGUFMetadata: Sendable {
  private let file: GGUFFile
  private let note: @Sendable (String) -> Void

  init(_ file: GGUFFile, note: @escaping @Sendable (String) -> Void) {
    self.file = file
    self.note = note
  }

  func failure(_ key: String, _ expected: String) -> FileError {
    FileError(
      file.path, key, file.metadata[key].map { "expected \(expected), found \($0.kind)" } ?? "is missing",
      next: file.metadata[key] == nil ? "convert the model again with a newer converter" : nil)
  }

  /// Says that `key` is missing, and what is taken in its place.
  func noteMissing(_ key: String, taking what: String) {
    note("\(file.path): \(key): is missing; taking \(what)")
  }

  func string(_ key: String) throws(FileError) -> String? {
    guard let value = file.metadata[key] else { return nil }
    guard let text = value.string else { throw failure(key, "a text") }
    return text
  }

  func bool(_ key: String) throws(FileError) -> Bool? {
    guard let value = file.metadata[key] else { return nil }
    guard let flag = value.bool else { throw failure(key, "true or false") }
    return flag
  }

  func array(_ key: String) throws(FileError) -> [GGUFValue]? {
    guard let value = file.metadata[key] else { return nil }
    guard let elements = value.array else { throw failure(key, "an array") }
    return elements
  }

  /// A number in `range`, spelled as in the file.
  func number(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> JSON? {
    guard let value = file.metadata[key] else { return nil }
    guard let number = value.number, let double = number.double, range.contains(double) else {
      throw failure(key, "a number from \(range.spelling)")
    }
    return number
  }

  /// A number in `range`; where there is none, `fallback`, which is said.
  func number(
    _ key: String, in range: ClosedRange<Double>, orTake fallback: String
  ) throws(FileError) -> JSON {
    if let number = try number(key, in: range) { return number }
    noteMissing(key, taking: fallback)
    return .number(fallback)
  }

  /// A size; `fallback` is what the format's definition says of a file without it.
  func size(_ key: String, default fallback: Int? = nil) throws(FileError) -> Int {
    guard let value = file.metadata[key] else {
      guard let fallback, SaneRange.size.contains(fallback) else { throw failure(key, "a size") }
      return fallback
    }
    guard let size = value.integer, SaneRange.size.contains(size) else {
      throw failure(key, "a number from 1 to \(SaneRange.size.upperBound)")
    }
    return size
  }
}

extension GGUFValue {
  /// As in error messages.
  fileprivate var kind: String {
    switch self {
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .float32(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .string: "a text"
    case .array: "an array"
    }
  }
}
