extension MapFile {
  /// Reads the map file at `path` and checks all that can be checked without the model.
  public init(reading path: String) throws(FileError) {
    let file = try SafetensorsFile(path)
    let entries = MapMetadata(file)
    guard try entries.text("format") == "act-map" else {
      throw entries.failure("format", "expected `act-map`", next: "is it a map file?")
    }
    let version = try entries.text("format_version")
    guard version == Self.formatVersion else {
      throw entries.failure(
        "format_version", "expected `\(Self.formatVersion)`, found `\(version)`", next: "use a newer actc")
    }

    let names = try entries.names("parameters")
    self.init(
      method: try entries.text("method"), methodVersion: try entries.text("method_version"),
      transport: try entries.text("transport"), parameterNames: names,
      modelFingerprint: try entries.text("model_fingerprint"), sites: try entries.sites(names))
    tokenScope = try entries.text("token_scope")
    guard let skipped = Int(try entries.text("skip_first")), skipped >= 0 else {
      throw entries.failure("skip_first", "expected a count")
    }
    skipFirst = skipped
    support = file.metadata("support")
    pooling = file.metadata("pooling")
    fitOrder = file.metadata("fit_order")
    counts = try entries.dictionary("counts") { $0.int.flatMap { $0 >= 0 ? $0 : nil } }
    gatedChannels = try entries.dictionary("gated_channels") { $0.int.flatMap { $0 >= 0 ? $0 : nil } }
    dataHashes = try entries.dictionary("data", \.string)
    fitFingerprint = file.metadata("fit_fingerprint")
  }
}

/// The entries of a map file's metadata, read one by one.
private struct MapMetadata {
  let file: SafetensorsFile

  init(_ file: SafetensorsFile) { self.file = file }

  func failure(_ place: String, _ problem: String, next: String? = nil) -> FileError {
    FileError(file.path, place, problem, next: next)
  }

  func text(_ key: String) throws(FileError) -> String {
    guard let text = file.metadata(key), !text.isEmpty else {
      throw failure("__metadata__", "`\(key)` is missing", next: "docs/ lists what a map file holds")
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

  /// The names of the parameters.
  func names(_ key: String) throws(FileError) -> [String] {
    guard let elements = try json(key).array, case let names = elements.compactMap(\.string),
      names.count == elements.count, !names.isEmpty, Set(names).count == names.count,
      names.allSatisfy({ !$0.isEmpty && !$0.contains("/") })
    else { throw failure(key, "expected an array of different names, without `/`") }
    return names
  }

  /// The sites with their parameters. Every tensor of the file must belong to one.
  func sites(_ parameterNames: [String]) throws(FileError) -> [MapFile.Site] {
    guard let records = try json("sites").array, !records.isEmpty else {
      throw failure("sites", "expected an array of at least one site")
    }
    var used = Set<String>()
    var sites: [MapFile.Site] = []
    for record in records {
      guard let name = record["name"]?.string, !name.isEmpty, let width = record["width"]?.int, width > 0
      else {
        throw failure("sites", "expected a name and a width, found \(record)")
      }
      var parameters: [String: [Float]] = [:]
      for parameter in parameterNames {
        let tensor = "\(name)/\(parameter)"
        guard used.insert(tensor).inserted else { throw failure("sites", "`\(name)` is given twice") }
        parameters[parameter] = try values(tensor, width: width)
      }
      sites.append(MapFile.Site(name: name, width: width, parameters: parameters))
    }
    for tensor in file.tensors where !used.contains(tensor.name) {
      throw failure(tensor.name, "belongs to no site and parameter of the metadata")
    }
    return sites
  }

  private func values(_ name: String, width: Int) throws(FileError) -> [Float] {
    guard let tensor = file[name] else { throw failure(name, "is missing") }
    guard tensor.dtype == .f32, tensor.shape == [width] else {
      throw failure(name, "expected F32[\(width)], found \(tensor.dtype.rawValue)\(tensor.shape)")
    }
    let values = Array(file.bytes(of: tensor).bindMemory(to: Float.self))
    if let channel = values.firstIndex(where: { !$0.isFinite }) {
      throw failure(name, "channel \(channel) is \(values[channel])")
    }
    return values
  }
}
