/// The entries of a file's metadata: read one by one, and as they are written.
struct FileMetadata {
  let file: SafetensorsFile

  init(_ file: SafetensorsFile) { self.file = file }

  func failure(_ place: String, _ problem: String, next: String? = nil) -> FileError {
    FileError(file.path, place, problem, next: next)
  }

  func text(_ key: String) throws(FileError) -> String {
    guard let text = file.metadata(key), !text.isEmpty else {
      throw failure("__metadata__", "`\(key)` is missing", next: "docs/formats.md lists what the file holds")
    }
    return text
  }

  func json(_ key: String) throws(FileError) -> JSON {
    let text = try text(key)
    do throws(JSONError) { return try JSON(parsing: text) } catch { throw failure(key, "\(error)") }
  }

  func dictionary<Value>(
    _ key: String, _ value: (JSON) -> Value?
  ) throws(FileError) -> [String: Value] {
    if file.metadata(key) == nil { return [:] }
    guard let members = try json(key).members else { throw failure(key, "expected an object") }
    var values: [String: Value] = [:]
    for member in members {
      guard let value = value(member.value) else {
        throw failure(key, "`\(member.key)`: cannot be \(member.value)")
      }
      values[member.key] = value
    }
    return values
  }

  /// A count, 0 to the most that `Int32` holds, so that sums of them are safe.
  func count(_ key: String) throws(FileError) -> Int {
    let text = try text(key)
    guard let count = Self.count(Int(text)) else { throw failure(key, "expected a count, found `\(text)`") }
    return count
  }

  /// Counts by name; none where the entry is missing.
  func counts(_ key: String) throws(FileError) -> [String: Int] {
    try dictionary(key) { Self.count($0.int) }
  }

  private static func count(_ number: Int?) -> Int? {
    number.flatMap { (0...Int(Int32.max)).contains($0) ? $0 : nil }
  }

  /// Checks what the file is; `kind` names it.
  func check(format: String, version: String, kind: String) throws(FileError) {
    guard try text("format") == format else {
      throw failure("format", "expected `\(format)`", next: "is it \(kind)?")
    }
    let found = try text("format_version")
    guard found == version else {
      throw failure("format_version", "expected `\(version)`, found `\(found)`", next: "use a newer actc")
    }
  }

  /// The names and widths of the sites, at least one, and the heads of those that have some.
  func sites() throws(FileError) -> [(name: String, width: Int, heads: Int?)] {
    guard let records = try json("sites").array, !records.isEmpty else {
      throw failure("sites", "expected an array of at least one site")
    }
    var sites: [(name: String, width: Int, heads: Int?)] = []
    for record in records {
      guard let name = record["name"]?.string, !name.isEmpty, let width = record["width"]?.int,
        (1...Int(Int32.max)).contains(width)
      else {
        throw failure("sites", "expected a name and a width, found \(record)")
      }
      let heads = record["heads"]
      guard heads.map({ $0.int.map { $0 > 0 && width % $0 == 0 } ?? false }) ?? true else {
        throw failure("sites", "expected heads that divide the width, found \(record)")
      }
      sites.append((name, width, heads?.int))
    }
    return sites
  }

  /// The entry that ``sites()`` reads.
  static func sites(_ sites: [(name: String, width: Int, heads: Int?)]) -> String {
    JSON.array(
      sites.map { site in
        let heads = site.heads.map { [JSON.Member("heads", .int($0))] } ?? []
        return .object([.init("name", .string(site.name)), .init("width", .int(site.width))] + heads)
      }
    ).description
  }

  /// A JSON object with sorted keys, so that equal values are the same file.
  static func object<Value>(_ values: [String: Value], _ json: (Value) -> JSON) -> String {
    JSON.object(values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, json($0.value)) }).description
  }
}
