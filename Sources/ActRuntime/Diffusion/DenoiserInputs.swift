import ActDiffusion
import ActFormats
import ActIR
import ActPlan

/// What a denoiser of images is given at a call: samples, the time, and what it reads of prompts.
package struct DenoiserInputs: Sendable {
  private let declared: [DeclaredInput]
  private let pipeline: PlanPipeline
  private let layout: SampleLayout

  /// C, H and W of a sample.
  package var sampleShape: [Int] { layout.shape }

  /// How many packed rows of an image a sample has; nil where it is an image.
  var imageRows: Int? { layout.imageRows }

  /// Finds the inputs by their roles.
  ///
  /// - Parameters:
  ///   - declared: all inputs of the denoiser.
  ///   - result: the type of what it gives.
  ///   - latents: the type of what the decoder takes, whole or in tiles; nil where there is none.
  ///   - wires: which inputs encoders of texts give.
  ///   - pipeline: what the others are given.
  ///   - path: the file, for messages.
  /// - Throws: `FileError` for a network that denoises no images, and for one that reads what nothing gives.
  package init(
    _ declared: [DeclaredInput], result: TensorType?, latents: TensorType?, wires: [Wire],
    _ pipeline: PlanPipeline, path: String
  ) throws(FileError) {
    guard let sample = declared.first(where: { $0.role == .sample })?.type,
      declared.contains(where: { $0.role == .timestep }), latents?.isImages != false
    else { throw FileError(path, nil, "expected a denoiser of images") }
    let size = pipeline.latentSize
    let latents = latents.map { type in
      let own = type.shape.dropFirst().map { $0.fixed! }
      return [own[2], size?.height ?? own[0], size?.width ?? own[1]]
    }
    guard let result, let layout = SampleLayout(sample, result, latents: latents) else {
      throw FileError(path, nil, "expected a denoiser that gives what it takes, and a decoder of that")
    }
    (self.declared, self.pipeline, self.layout) = (declared, pipeline, layout)
    for constant in pipeline.constants {
      guard let input = declared.first(where: { $0.name == constant.input }), input.role == .given,
        input.type == TensorType(.f32, [.symbol("B"), .fixed(constant.values.count)])
      else {
        throw FileError(
          path, constant.input, "expected an input of \(constant.values.count) numbers, found another",
          next: "compile the plan again")
      }
    }
    let given = wires.map(\.input) + pipeline.constants.map(\.input)
    if let other = declared.first(where: {
      $0.role == .given && $0.type.dtype == .f32 && !given.contains($0.name)
    }) {
      throw FileError.unsupported(path, other.name, "the denoiser reads what no text gives")
    }
  }

  /// The tensors of samples at a time, an entry each.
  package func tensors(samples: [[Float]], time: Double) -> [String: EntryInputs.Tensor] {
    var tensors: [String: EntryInputs.Tensor] = [:]
    for input in declared {
      switch input.role {
      case .sample: tensors[input.name] = layout.input(samples)
      case .timestep:
        tensors[input.name] = numbers([time * pipeline.timeScale + pipeline.timeShift], samples.count)
      default: break
      }
    }
    return tensors
  }

  /// What the denoiser reads beside samples and time, the same in all calls, for entries of some conditions. `guidance` is
  /// told to denoisers that read it.
  package func tensors(of entries: [Condition], guidance: Double) -> [String: EntryInputs.Tensor] {
    var tensors: [String: EntryInputs.Tensor] = [:]
    for input in declared {
      let states = entries.compactMap { $0.states[input.name] }
      let labels = entries.compactMap(\.label)
      if let constant = pipeline.constants.first(where: { $0.input == input.name }) {
        tensors[input.name] = numbers(constant.values, entries.count)
      } else if input.role == .guidance {
        tensors[input.name] = numbers([guidance], entries.count)
      } else if input.role == .guidanceEmbedding, let width = input.type.shape.last?.fixed {
        tensors[input.name] = numbers(guidanceEmbedding(guidance, width: width), entries.count)
      } else if input.role == .label {
        tensors[input.name] = .init(labels)
      } else if input.role == .place, input.isCounted(by: "P"), let grid = layout.grid,
        let axes = input.type.shape.last?.fixed
      {
        let places = placesOfGrid(lines: grid.lines, columns: grid.columns, axes: axes)
        tensors[input.name] = .init(places, shape: [grid.lines * grid.columns, axes])
      } else if !states.isEmpty {
        let counts = states.map { $0.shape[0] }
        let rows = states.flatMap(\.values)
        if input.isCounted(by: "B") {
          tensors[input.name] = .init(rows, shape: [entries.count, states[0].shape[1]])
        } else if Set(counts).count == 1 {
          tensors[input.name] = .init(rows, shape: [entries.count] + states[0].shape)
        } else {
          // Texts of different lengths.
          tensors[input.name] = .init(rows, shape: [counts.reduce(0, +), states[0].shape[1]])
          tensors[EntryInputs.sequences] = .init(
            counts.enumerated().flatMap { [Int](repeating: $0, count: $1) })
        }
      }
    }
    return tensors
  }

  /// The rows of an entry that the denoiser reads of a condition.
  func size(of entry: Condition) -> EntrySize {
    let text =
      declared.filter { $0.isCounted(by: "T") }.compactMap { entry.states[$0.name]?.shape[0] }.max() ?? 0
    let isFilled = declared.contains { $0.role == .filling }
    return EntrySize(text: isFilled ? InputRole.filled(text) : text, image: layout.imageRows ?? 0)
  }

  /// What the denoiser predicts of so many samples, as the scheduler takes it.
  package func predictions(_ result: ResultTensor, count: Int) -> [[Float]] {
    let predictions = layout.predictions(result, count: count)
    let scale = Float(pipeline.predictionScale)
    return scale == 1 ? predictions : predictions.map { $0.map { $0 * scale } }
  }

  /// Numbers that are the same for so many entries.
  private func numbers(_ values: [Double], _ count: Int) -> EntryInputs.Tensor {
    .init((0..<count).flatMap { _ in values.map { Float($0) } }, shape: [count, values.count])
  }
}

extension PlanPipeline {
  /// What a scheduler is told of a run of so many steps.
  package func schedulerOptions(steps: Int) -> SchedulerOptions {
    var options = SchedulerOptions(steps: steps)
    options.imageRows = imageRows
    options.flowSigmas = hasEvenSigmas ? .even : .trained
    return options
  }
}
