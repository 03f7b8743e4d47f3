/// The samples of one side of a fit, or of an evaluation, read from one or several files.
///
/// Files are UTF-8, with or without a byte order mark, and hold at most 1 GiB; a line, or a record of several lines,
/// holds at most 1 MiB. `-` is standard input.
package struct DataSet: Hashable, Sendable {
  /// The file, or the files with commas between them, as error messages name it.
  package var path: String
  /// At least one, in the order of the files or as shuffled.
  package var samples: [TextSample]
  /// Of a file's bytes, in hexadecimal digits; of several files, of their digests, a line each.
  package var sha256: String

  /// The texts of the samples.
  package var texts: [String] { samples.map(\.text) }

  /// Reads the files at `paths`.
  ///
  /// A file without samples is an error; so are a bad record, a filter on a field that no record has, and
  /// filters that leave no sample.
  package init(
    reading paths: [String], _ fields: SampleFields = SampleFields(), _ options: DataOptions = DataOptions()
  ) throws(FileError) {
    var samples: [TextSample] = []
    let files = try readRecords(paths, options) { (record) throws(FileError) in
      samples.append(try fields.sample(record))
    }
    self.init(path: files.path, samples: options.choose(samples), sha256: files.sha256)
  }

  /// Reads the file at `path`, in the format that its name tells.
  package init(reading path: String, format: DataFormat? = nil) throws(FileError) {
    var options = DataOptions()
    options.format = format
    try self.init(reading: [path], SampleFields(), options)
  }

  package init(path: String, samples: [TextSample], sha256: String) {
    self.path = path
    self.samples = samples
    self.sha256 = sha256
  }
}

/// Samples of both sides that belong together, sample by sample: each record holds one of each.
package struct PairedDataSet: Hashable, Sendable {
  package var source: DataSet
  package var target: DataSet

  /// Reads the files at `paths`, in which a record has a source and a target: the fields `source` and `target` where
  /// none are given. A `.txt` file has `source<TAB>target` on every line.
  package init(
    reading paths: [String], source: SampleFields = SampleFields(), target: SampleFields = SampleFields(),
    _ options: DataOptions = DataOptions()
  ) throws(FileError) {
    var (source, target) = (source, target)
    source.text = source.text ?? "source"
    target.text = target.text ?? "target"
    var pairs: [(source: TextSample, target: TextSample)] = []
    let files = try readRecords(paths, options, columns: ["source", "target"]) { (record) throws(FileError) in
      pairs.append((try source.sample(record), try target.sample(record)))
    }
    pairs = options.choose(pairs)
    self.source = DataSet(path: files.path, samples: pairs.map(\.source), sha256: files.sha256)
    self.target = DataSet(path: files.path, samples: pairs.map(\.target), sha256: files.sha256)
  }
}

private struct DataFiles {
  var path: String
  var sha256: String
}

/// Reads the records that the filters let through; at least one. `columns` names the fields of a line of a `.txt` file,
/// with tabs between them; nil: it has one.
private func readRecords(
  _ paths: [String], _ options: DataOptions, columns: [String]? = nil,
  _ receive: (DataRecord) throws(FileError) -> Void
) throws(FileError) -> DataFiles {
  var names: [String] = []
  var hashes: [String] = []
  var missing = Set(options.filters.flatMap(\.fields))
  var accepted = 0
  for path in paths {
    var found = 0
    var format = try options.format(of: path)
    var given = options.hasHeader ? Columns.named : .numbered
    if let columns, format == .lines { (format, given) = (.tabSeparated, .these(columns)) }
    let name = path == "-" ? "standard input" : path
    let hash = try DataRecord.read(path, format, columns: given) { (record) throws(FileError) in
      found += 1
      if !missing.isEmpty { missing = missing.filter { record.fields.value(at: $0) == nil } }
      for filter in options.filters {
        let isAccepted = try filter.accepts(record)
        if !isAccepted { return }
      }
      accepted += 1
      try receive(record)
    }
    if found == 0 { throw FileError(name, nil, "holds no samples") }
    names.append(name)
    hashes.append(hash)
  }
  let path = names.joined(separator: ", ")
  if let field = missing.min() {
    throw FileError(path, nil, "no record has the field `\(field)`, which a filter tests")
  }
  if accepted == 0 { throw FileError(path, nil, "no record meets the filters") }
  let text = hashes.map { $0 + "\n" }.joined()
  return DataFiles(path: path, sha256: hashes.count == 1 ? hashes[0] : SHA256.hex(of: Array(text.utf8)))
}
