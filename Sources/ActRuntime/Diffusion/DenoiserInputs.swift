import ActFormats
import ActIR

/// What a denoiser of images is given at a call: samples, the time, and what it reads of prompts.
package struct DenoiserInputs: Sendable {
  private let sample, timestep: DeclaredInput
  /// What comes from encoders of texts.
  private let texts: [DeclaredInput]
  /// C, H and W of a sample.
  package let sampleShape: [Int]

  /// Finds the inputs by their roles.
  ///
  /// - Parameters:
  ///   - declared: all inputs of the denoiser.
  ///   - wires: which of them encoders of texts give.
  ///   - path: the file, for messages.
  /// - Throws: `FileError` for a network that denoises no images, and for one that reads what no text gives.
  package init(_ declared: [DeclaredInput], wires: [Wire], path: String) throws(FileError) {
    guard let sample = declared.first(where: { $0.role == .sample }), sample.type.isImages,
      let timestep = declared.first(where: { $0.role == .timestep })
    else { throw FileError(path, nil, "expected a denoiser of images") }
    let wired = Set(wires.map(\.input))
    if let other = declared.first(where: {
      $0.type.dtype == .f32 && $0.role == .given && !wired.contains($0.name)
    }) {
      throw FileError.unsupported(path, other.name, "the denoiser reads what no text gives")
    }
    (self.sample, self.timestep) = (sample, timestep)
    texts = declared.filter { wired.contains($0.name) }
    let shape = sample.type.shape.dropFirst().map { $0.fixed! }
    sampleShape = [shape[2], shape[0], shape[1]]
  }

  /// The tensors of samples at a time, an entry each.
  package func tensors(samples: [[Float]], time: Double) -> [String: EntryInputs.Tensor] {
    [
      sample.name: .init(samples.flatMap { $0 }, shape: [samples.count] + sampleShape),
      timestep.name: .init(
        [Float](repeating: Float(time), count: samples.count), shape: [samples.count]),
    ]
  }

  /// The tensors of prompts, an entry each.
  package func tensors(prompts: [PromptStates]) -> [String: EntryInputs.Tensor] {
    var tensors: [String: EntryInputs.Tensor] = [:]
    for input in texts {
      let states = prompts.compactMap { $0[input.name] }
      guard let first = states.first, states.count == prompts.count else { continue }
      let values = states.flatMap(\.values)
      let inner = Array(first.shape.dropFirst())
      let counts = states.map { $0.shape[0] }
      if input.type.shape.first == .symbol("B") {
        tensors[input.name] = .init(values, shape: [states.count] + inner)
      } else if Set(counts).count == 1 {
        tensors[input.name] = .init(values, shape: [states.count, counts[0]] + inner)
      } else {
        tensors[input.name] = .init(values, shape: [counts.reduce(0, +)] + inner)
        tensors[EntryInputs.sequences] = .init(
          counts.enumerated().flatMap { [Int](repeating: $0, count: $1) })
      }
    }
    return tensors
  }
}
