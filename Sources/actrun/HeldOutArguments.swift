import ActFormats
import ArgumentParser

/// Text of the ordinary kind, on which a command measures what steering costs.
struct HeldOutArguments: ParsableArguments {
  @Option(help: "A data file of ordinary texts for perplexity.", completion: .file())
  var heldOut: String?
  @Option(help: "The field that holds the held-out text.") var heldOutField: String?
  @Option(help: "The field with a prompt before the held-out text, read and not scored.")
  var heldOutPromptField: String?
  @Option(parsing: .upToNextOption, help: "Take only the held-out records that meet all of these.")
  var heldOutFilter: [String] = []
  @Option(help: "Take the first N held-out records.") var heldOutLimit: Int?

  func validate() throws {
    if heldOut == nil {
      guard heldOutField == nil, heldOutPromptField == nil, heldOutFilter.isEmpty, heldOutLimit == nil else {
        throw ValidationError("--held-out: expected a file, of which the other --held-out options choose")
      }
    }
    if let heldOutLimit, heldOutLimit < 1 {
      throw ValidationError("--held-out-limit: expected 1 or more, found \(heldOutLimit)")
    }
    _ = try DataOptions.filters(heldOutFilter, of: "--held-out-filter")
  }

  func read() throws -> DataSet? {
    guard let heldOut else { return nil }
    var options = DataOptions()
    options.limit = heldOutLimit
    options.filters = try DataOptions.filters(heldOutFilter, of: "--held-out-filter")
    return try DataSet(
      reading: [heldOut], SampleFields(text: heldOutField, prompt: heldOutPromptField), options)
  }
}
