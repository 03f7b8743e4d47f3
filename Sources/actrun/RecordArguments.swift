import ActFormats
import ArgumentParser

/// Which records of a data file are taken, and which of their fields.
struct RecordArguments: ParsableArguments {
  @Option(help: "The field that holds the text, as in text or prompt.text.") var field: String?
  @Option(
    parsing: .upToNextOption,
    help: "Take only the records that meet all of these, as in 'toxicity>=0.75' 'label==toxic'.")
  var filter: [String] = []
  @Option(help: "Take the first N records.") var limit: Int?
  @Option(help: "Shuffle the records first, with this seed.") var shuffle: UInt64?
  @Option(help: "The format of the data; by default what the file's name tells, else txt.")
  var format: DataFormat?
  @Flag(help: "The first row of a .csv or .tsv file is a record; columns are called 1, 2, ….")
  var noHeader = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit: expected 1 or more, found \(limit)") }
    _ = try DataOptions.filters(filter, of: "--filter")
  }

  /// Reads `path`, with the records' prompts from the field `prompt`.
  func read(_ path: String, prompt: String? = nil) throws -> DataSet {
    var options = DataOptions()
    options.format = format
    options.hasHeader = !noHeader
    options.limit = limit
    options.seed = shuffle
    options.filters = try DataOptions.filters(filter, of: "--filter")
    return try DataSet(reading: [path], SampleFields(text: field, prompt: prompt), options)
  }

  /// The options that were given.
  var given: [String] {
    [
      ("--field", field != nil), ("--filter", !filter.isEmpty), ("--limit", limit != nil),
      ("--shuffle", shuffle != nil), ("--format", format != nil), ("--no-header", noHeader),
    ].filter(\.1).map(\.0)
  }
}

extension DataOptions {
  /// The conditions that the values of an option spell.
  static func filters(_ texts: [String], of option: String) throws -> [RecordFilter] {
    try texts.map { text in
      do { return try RecordFilter(text) } catch { throw ValidationError("\(option) '\(text)': \(error)") }
    }
  }
}

extension DataFormat: ExpressibleByArgument {}
