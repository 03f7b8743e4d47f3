extension JSON {
  /// Parses the JSON file at `path`, at most 256 MB; see ``init(parsing:maximumDepth:takesNonFinite:)``.
  package init(readingFile path: String, takesNonFinite: Bool = false) throws(FileError) {
    let file = try MappedFile(path)
    guard file.bytes.count <= 256_000_000 else {
      throw FileError(path, nil, "\(file.bytes.count) bytes of JSON; at most 256000000 are read")
    }
    do throws(JSONError) {
      self = try JSON(parsing: Array(file.bytes), takesNonFinite: takesNonFinite)
    } catch {
      throw FileError(path, "byte \(error.offset)", error.problem)
    }
  }
}
