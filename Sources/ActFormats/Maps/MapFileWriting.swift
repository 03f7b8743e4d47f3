import ActIR

extension MapFile {
  /// Writes the map file to `path`, complete or not at all.
  ///
  /// A site without all parameters, or with one that is empty or not finite, is an error, as it would be on reading. With `durably` off the file may be lost with the power, not with the process.
  package func write(to path: String, durably: Bool = true) throws(FileError) {
    var entries: [SafetensorsWriter.Entry] = []
    var parameters: [MapParameter] = []
    guard !sites.isEmpty else { throw FileError(path, "sites", "there are none") }
    for site in sites {
      guard site.parameters.count == parameterNames.count else {
        throw FileError(
          path, site.name, "has \(site.parameters.count) parameters, not \(parameterNames.count)")
      }
      for parameter in parameterNames {
        let name = "\(site.name)/\(parameter)"
        guard let value = site.parameters[parameter] else { throw FileError(path, name, "is missing") }
        guard value.shape.canBeParameter else {
          throw FileError(path, name, "expected \(Self.shapes), found \(value.type)")
        }
        if let index = value.values.withUnsafeBufferPointer(\.firstNonFinite) {
          throw .notFinite(path, name, "\(value.values[index])", at: index, shape: value.shape)
        }
        entries.append(.init(name, .f32, value.shape))
        parameters.append(value)
      }
    }
    let writer = try SafetensorsWriter(path, entries, metadata: metadata)
    for (entry, parameter) in zip(entries, parameters) {
      try parameter.values.withUnsafeBufferPointer { (values) throws(FileError) in
        try writer.append(UnsafeRawBufferPointer(values), to: entry.name)
      }
    }
    try writer.finish(durably: durably)
  }

  private var metadata: [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = [
      ("format", "act-map"), ("format_version", Self.formatVersion),
    ]
    entries += fit.method.entries
    entries.append(("transport", transport))
    if let score { entries.append(("score", score)) }
    entries += [
      ("parameters", JSON.array(parameterNames.map(JSON.string)).description),
      ("sites", FileMetadata.sites(sites.map { ($0.name, $0.width, nil) })),
      ("model_fingerprint", modelFingerprint),
    ]
    entries += fit.entries
    if let unfinished {
      entries.append(("fit_fingerprint", unfinished.fingerprint))
      if let count = unfinished.siteCount { entries.append(("fit_sites", String(count))) }
    }
    if !counts.isEmpty { entries.append(("counts", FileMetadata.object(counts, JSON.int))) }
    if !heldOut.isEmpty { entries.append(("held_out", FileMetadata.object(heldOut, JSON.int))) }
    if !meanShiftChannels.isEmpty {
      entries.append(("mean_shift_channels", FileMetadata.object(meanShiftChannels, JSON.int)))
    }
    if !dataHashes.isEmpty { entries.append(("data", FileMetadata.object(dataHashes, JSON.string))) }
    return entries
  }
}
