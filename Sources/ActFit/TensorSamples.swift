import ActCompile
import ActFormats
import ActIR
import ActRuntime

/// Samples from files of tensors, an entry a sample: images, or texts as tokens.
///
/// A file holds the inputs of the model by name, as `actrun run` takes them. Floats stay mapped.
package struct TensorSamples: Sendable {
  /// The ending of the names of such files.
  package static let ending = ".safetensors"

  /// In the order of the files, or as shuffled.
  package private(set) var samples: [FitSample] = []
  /// Of a file's bytes, in hexadecimal digits; of several files, of their digests, a line each.
  package private(set) var sha256 = ""

  /// Reads the files at `paths`.
  ///
  /// - Parameters:
  ///   - paths: the files, at least one.
  ///   - model: whose inputs they hold.
  ///   - options: which of the samples are taken.
  /// - Throws: `FileError` for a file that does not fit the model's inputs.
  package init(_ paths: [String], for model: Model, _ options: DataOptions) throws(FileError) {
    var hashes: [String] = []
    for path in paths {
      let hash = try SHA256.hex(ofFile: path)
      let inputs = try EntryInputs(SafetensorsFile(path), for: model.graph.declaredInputs)
      samples += try Self.entries(of: inputs, for: model, digest: hash)
      hashes.append(hash)
    }
    samples = options.choose(samples)
    let text = hashes.map { $0 + "\n" }.joined()
    sha256 = hashes.count == 1 ? hashes[0] : SHA256.hex(of: Array(text.utf8))
  }

  /// The entries of a call as samples.
  ///
  /// - Parameters:
  ///   - inputs: what the call gives.
  ///   - model: whose inputs they are.
  ///   - digest: stands for all that is given, where samples are told apart.
  /// - Returns: a sample for each entry.
  /// - Throws: `FileError` for tensors that do not fit the model's inputs.
  package static func entries(
    of inputs: EntryInputs, for model: Model, digest: String
  ) throws(FileError) -> [FitSample] {
    let declared = model.graph.declaredInputs
    if let chosen = declared.first(where: { $0.role.isChoice && inputs.tensors[$0.name] != nil }) {
      throw FileError(
        inputs.path, chosen.name,
        "a fit chooses the rows itself: \(model.keepsSequences ? "all" : "one of each text")",
        next: "leave the tensor out")
    }
    let inputs = try inputs.filled(for: declared)
    let entries = try inputs.sizes(declared)
    var given: [EntryInput] = []
    var tokens: EntryInput?
    for input in declared {
      let values = try EntryInput(
        input, of: inputs, entries, limit: { model.graph.limit(ofInput: $0) ?? Int(Int32.max) })
      guard let values else { continue }
      if input.role == .token { tokens = values } else { given.append(values) }
    }
    var samples: [FitSample] = []
    var start = EntrySize()
    for (entry, size) in entries.sizes.enumerated() {
      guard size.text <= model.contextLength else {
        throw FileError(
          inputs.path, EntryInputs.sequences,
          "entry \(entry): expected at most \(model.contextLength) rows, the model's context, found \(size.text)"
        )
      }
      let own = GivenEntry(given, digest: digest, entry: entry, start: start, size: size)
      samples.append(FitSample(tokens: Array(tokens?.integers(own.indices("T")) ?? []), own))
      start = start + size
    }
    return samples
  }
}
