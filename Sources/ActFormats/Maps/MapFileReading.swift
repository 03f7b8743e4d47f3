import ActIR

extension MapFile {
  /// Reads the map file at `path` and checks all that can be checked without the model.
  ///
  /// What an interrupted fit has left is an error, which says how far the fit came and how to go on with it, unless
  /// `allowsUnfinished` is set.
  package init(reading path: String, allowsUnfinished: Bool = false) throws(FileError) {
    let file = try SafetensorsFile(path)
    let entries = FileMetadata(file)
    try entries.check(format: "act-map", version: Self.formatVersion, kind: "a map file")

    let names = try entries.names("parameters")
    self.init(
      try FitDescription(entries), transport: try entries.text("transport"), parameterNames: names,
      modelFingerprint: try entries.text("model_fingerprint"), sites: try entries.sites(names))
    if file.metadata("score") != nil { score = try entries.text("score") }
    counts = try entries.counts("counts")
    heldOut = try entries.counts("held_out")
    // The second name is that of earlier versions.
    let meanShift = ["mean_shift_channels", "gated_channels"].first { file.metadata($0) != nil }
    if let meanShift { meanShiftChannels = try entries.counts(meanShift) }
    dataHashes = try entries.dictionary("data", \.string)
    if let fingerprint = file.metadata("fit_fingerprint") {
      let siteCount = file.metadata("fit_sites") == nil ? nil : try entries.count("fit_sites")
      unfinished = Unfinished(fingerprint: fingerprint, siteCount: siteCount)
    }
    if let unfinished, !allowsUnfinished {
      let total = unfinished.siteCount.map { " of \($0)" } ?? ""
      throw FileError(
        path, nil, "expected a finished fit, found \(sites.count)\(total) sites",
        next:
          "run the `actc fit … -o \(Self.output(ofUnfinished: path))` that was interrupted again: it goes on from there"
      )
    }
  }

  /// The output of the fit that keeps what it has finished at `path`.
  package static func output(ofUnfinished path: String) -> String {
    path.hasSuffix(unfinishedSuffix) ? String(path.dropLast(unfinishedSuffix.count)) : "OUTPUT"
  }
}

extension FileMetadata {
  /// The names of the parameters.
  fileprivate func names(_ key: String) throws(FileError) -> [String] {
    guard let elements = try json(key).array, case let names = elements.compactMap(\.string),
      names.count == elements.count, !names.isEmpty, Set(names).count == names.count,
      names.allSatisfy({ !$0.isEmpty && !$0.contains("/") })
    else { throw failure(key, "expected an array of different names, without `/`") }
    return names
  }

  /// The sites with their parameters. Every tensor of the file must belong to one.
  fileprivate func sites(_ parameterNames: [String]) throws(FileError) -> [MapFile.Site] {
    var used = Set<String>()
    var sites: [MapFile.Site] = []
    for (name, width, _) in try self.sites() {
      var parameters: [String: MapParameter] = [:]
      for parameter in parameterNames {
        let tensor = "\(name)/\(parameter)"
        guard used.insert(tensor).inserted else { throw failure("sites", "`\(name)` is given twice") }
        parameters[parameter] = try self.parameter(tensor)
      }
      sites.append(MapFile.Site(name: name, width: width, parameters: parameters))
    }
    for tensor in file.tensors where !used.contains(tensor.name) {
      throw failure(tensor.name, "belongs to no site and parameter of the metadata")
    }
    return sites
  }

  private func parameter(_ name: String) throws(FileError) -> MapParameter {
    guard let tensor = file[name] else { throw failure(name, "is missing") }
    guard tensor.dtype == .f32, tensor.shape.canBeParameter else {
      throw failure(
        name, "expected F32 of \(MapFile.shapes), found \(tensor.dtype.rawValue)\(tensor.shape)")
    }
    try file.checkFinite(tensor)
    return MapParameter(Array(file.bytes(of: tensor).bindMemory(to: Float.self)), shape: tensor.shape)
  }
}

extension MapFile {
  /// What the shape of a parameter can be, as errors say it.
  static let shapes = "at most \(TensorType.maximumRank) dimensions, each above 0"
}

extension [Int] {
  /// Whether it is the shape of a parameter, as ``MapFile/shapes`` says.
  var canBeParameter: Bool { count <= TensorType.maximumRank && allSatisfy { $0 > 0 } }
}
