extension SampleFile.Header {
  /// Reads the metadata of a file.
  init(_ file: SafetensorsFile) throws(FileError) {
    let entries = FileMetadata(file)
    try entries.check(format: "act-samples", version: SampleFile.formatVersion, kind: "a sample file")
    func part(_ key: String) throws(FileError) -> SampleFile.Part {
      let text = try entries.text(key)
      guard let part = SampleFile.Part(text) else {
        throw entries.failure(key, "expected i/N, i from 1 to N, found `\(text)`")
      }
      return part
    }
    var sites: [Site] = []
    for (name, width, heads) in try entries.sites() {
      sites.append(Site(name: name, width: width, heads: heads))
    }
    guard Set(sites.map(\.name)).count == sites.count else {
      throw entries.failure("sites", "a site is given twice")
    }
    let counts = try entries.counts("counts")
    guard SampleFile.sides.allSatisfy({ counts[$0, default: 0] > 0 }) else {
      throw entries.failure("counts", "expected the records of source and target")
    }
    self.init(
      shard: try part("shard"), round: try part("round"), sites: sites, counts: counts,
      modelFingerprint: try entries.text("model_fingerprint"), try SampleDescription(entries),
      collection: try entries.text("collection"), instructionSet: try entries.text("instruction_set"))
    dataHashes = try entries.dictionary("data", \.string)
    behind = file.metadata("behind")
  }
}
