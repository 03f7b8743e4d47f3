extension SampleFile {
  /// Writes a sample file to `path`, complete or not at all.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - header: what the file says of its samples.
  ///   - records: by side, the record of each row.
  ///   - samples: gives the rows of a site and a side.
  /// - Throws: `FileError` where the file cannot be written.
  package static func write(
    to path: String, _ header: Header, records: [String: [Int32]],
    samples: (_ site: Int, _ side: String) -> [Float]
  ) throws(FileError) {
    var entries = sides.map { SafetensorsWriter.Entry("samples/\($0)", .i32, [records[$0]!.count]) }
    for site in header.sites {
      for side in sides {
        entries.append(.init("\(site.name)/\(side)", .f32, [records[side]!.count, site.width]))
      }
    }
    let writer = try SafetensorsWriter(path, entries, metadata: header.metadata)
    for side in sides {
      try records[side]!.withUnsafeBufferPointer { (rows) throws(FileError) in
        try writer.append(UnsafeRawBufferPointer(rows), to: "samples/\(side)")
      }
    }
    for (index, site) in header.sites.enumerated() {
      for side in sides {
        try samples(index, side).withUnsafeBufferPointer { (values) throws(FileError) in
          try writer.append(UnsafeRawBufferPointer(values), to: "\(site.name)/\(side)")
        }
      }
    }
    try writer.finish()
  }
}

extension SampleFile.Header {
  fileprivate var metadata: [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = [
      ("format", "act-samples"), ("format_version", SampleFile.formatVersion), ("shard", shard.description),
      ("round", round.description),
      ("sites", FileMetadata.sites(sites.map { ($0.name, $0.width, $0.heads) })),
      ("counts", FileMetadata.object(counts, JSON.int)),
      ("data", FileMetadata.object(dataHashes, JSON.string)), ("model_fingerprint", modelFingerprint),
    ]
    entries += samples.entries
    entries += [("collection", collection), ("instruction_set", instructionSet)]
    if let behind { entries.append(("behind", behind)) }
    return entries
  }
}
