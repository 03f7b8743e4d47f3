extension MapFile {
  /// Writes the map file to `path`, complete or not at all.
  ///
  /// A site without all parameters, or with one that has not the site's width or is not finite, is an error, as it
  /// would be on reading. With `durably` off the file may be lost with the power, not with the process.
  package func write(to path: String, durably: Bool = true) throws(FileError) {
    var entries: [SafetensorsWriter.Entry] = []
    var values: [[Float]] = []
    guard !sites.isEmpty else { throw FileError(path, "sites", "there are none") }
    for site in sites {
      guard site.parameters.count == parameterNames.count else {
        throw FileError(
          path, site.name, "has \(site.parameters.count) parameters, not \(parameterNames.count)")
      }
      for parameter in parameterNames {
        let name = "\(site.name)/\(parameter)"
        guard let channels = site.parameters[parameter] else { throw FileError(path, name, "is missing") }
        guard channels.count == site.width else {
          throw FileError(path, name, "has \(channels.count) channels, the site \(site.width)")
        }
        if let channel = channels.firstIndex(where: { !$0.isFinite }) {
          throw FileError(path, name, "channel \(channel) is \(channels[channel])")
        }
        entries.append(.init(name, .f32, [site.width]))
        values.append(channels)
      }
    }
    let writer = try SafetensorsWriter(path, entries, metadata: metadata)
    for (entry, channels) in zip(entries, values) {
      try channels.withUnsafeBufferPointer { (channels) throws(FileError) in
        try writer.append(UnsafeRawBufferPointer(channels), to: entry.name)
      }
    }
    try writer.finish(durably: durably)
  }

  private var metadata: [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = [
      ("format", "act-map"), ("format_version", Self.formatVersion), ("method", method),
      ("method_version", methodVersion), ("transport", transport),
      ("parameters", JSON.array(parameterNames.map(JSON.string)).description),
      ("sites", FileMetadata.sites(sites.map { ($0.name, $0.width) })),
      ("model_fingerprint", modelFingerprint), ("token_scope", tokenScope), ("skip_first", String(skipFirst)),
    ]
    let optional = [
      ("support", support), ("pooling", pooling), ("fit_order", fitOrder),
      ("fit_fingerprint", unfinished?.fingerprint), ("fit_sites", unfinished?.siteCount.map(String.init)),
    ]
    for (key, value) in optional { if let value { entries.append((key, value)) } }
    if !counts.isEmpty { entries.append(("counts", FileMetadata.object(counts, JSON.int))) }
    if !meanShiftChannels.isEmpty {
      entries.append(("mean_shift_channels", FileMetadata.object(meanShiftChannels, JSON.int)))
    }
    if !dataHashes.isEmpty { entries.append(("data", FileMetadata.object(dataHashes, JSON.string))) }
    return entries
  }
}
