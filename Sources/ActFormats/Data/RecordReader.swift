/// One record of a data file.
package struct DataRecord {
  /// An object; the fields of `.csv` and `.tsv` files are strings.
  package var fields: JSON
  /// The file, as error messages name it.
  package var path: String
  /// The line on which the record begins, from 1.
  package var line: Int

  package init(fields: JSON, path: String, line: Int) {
    self.fields = fields
    self.path = path
    self.line = line
  }

  func failure(_ problem: String, next: String? = nil) -> FileError { .line(path, line, problem, next: next) }
}

extension DataRecord {
  /// Reads all records of the file at `path` and returns the SHA-256 of its bytes. `columns` says what the fields of a `.csv` or `.tsv` file are called.
  static func read(
    _ path: String, _ format: DataFormat, columns: Columns = .named,
    _ receive: (DataRecord) throws(FileError) -> Void
  ) throws(FileError) -> String {
    let file = try DataFile(path)
    let path = file.path
    switch format {
    case .lines, .records:
      var lines = LineReader(path: path)
      func record(_ line: String, _ number: Int) throws(FileError) {
        try receive(DataRecord(fields: fields(line, format, path, number), path: path, line: number))
      }
      let hash = try file.read { (piece) throws(FileError) in try lines.read(piece, record) }
      try lines.finish(record)
      return hash
    case .array:
      var elements = ArrayReader(path: path)
      func record(_ element: [UInt8], _ line: Int) throws(FileError) {
        try receive(DataRecord(fields: parse(element, path, line), path: path, line: line))
      }
      let hash = try file.read { (piece) throws(FileError) in try elements.read(piece, record) }
      try elements.finish(record)
      return hash
    case .commaSeparated, .tabSeparated:
      var rows = DelimitedReader(path: path, delimiter: format == .commaSeparated ? "," : "\t")
      var table = Table(path: path, columns: columns)
      func record(_ fields: [String], _ line: Int) throws(FileError) {
        if let fields = try table.fields(fields, line) {
          try receive(DataRecord(fields: fields, path: path, line: line))
        }
      }
      let hash = try file.read { (piece) throws(FileError) in try rows.read(piece, record) }
      try rows.finish(record)
      return hash
    }
  }

  private static func fields(
    _ line: String, _ format: DataFormat, _ path: String, _ number: Int
  ) throws(FileError) -> JSON {
    if format == .lines { return .object(["text": .string(line)]) }
    return try parse(Array(line.utf8), path, number)
  }

  /// The object that a record is.
  private static func parse(_ text: [UInt8], _ path: String, _ line: Int) throws(FileError) -> JSON {
    let record: JSON
    do throws(JSONError) { record = try JSON(parsing: text) } catch { throw .line(path, line, "\(error)") }
    guard record.members != nil else {
      throw .line(
        path, line, "expected an object",
        next: record.array == nil ? nil : "is the file an array of records? then name it .json")
    }
    return record
  }
}

/// What the columns of a `.csv` or `.tsv` file are called.
package enum Columns: Hashable, Sendable {
  /// As the first row says.
  case named
  /// `1`, `2`, …; the first row is a record too.
  case numbered
  /// So; the first row is a record too.
  case these([String])
}

private struct Table {
  let path: String
  var columns: Columns
  private var names: [String]?

  init(path: String, columns: Columns) {
    self.path = path
    self.columns = columns
  }

  /// The row by the names of its columns; nil for the row that names them.
  mutating func fields(_ row: [String], _ line: Int) throws(FileError) -> JSON? {
    guard let names else {
      switch columns {
      case .named:
        try setNames(row, line)
        return nil
      case .numbered: names = row.indices.map { "\($0 + 1)" }
      case .these(let given): names = given
      }
      return try fields(row, line)
    }
    guard row.count == names.count else {
      throw .line(path, line, "expected \(names.count) fields, found \(row.count)")
    }
    return .object(zip(names, row).map { JSON.Member($0, .string($1)) })
  }

  private mutating func setNames(_ row: [String], _ line: Int) throws(FileError) {
    var known: Set<[UInt8]> = []
    for name in row where !known.insert(Array(name.utf8)).inserted {
      throw .line(path, line, "two columns named `\(name)`")
    }
    names = row
  }
}

extension JSON {
  /// The value at a path such as `prompt.text`: the member of that very name, or else a member of the member `prompt`.
  func value(at path: String) -> JSON? {
    if let value = self[path] { return value }
    guard let dot = path.firstIndex(of: ".") else { return nil }
    return self[String(path[..<dot])]?.value(at: String(path[path.index(after: dot)...]))
  }
}
