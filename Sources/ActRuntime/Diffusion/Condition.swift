import ActErrors
import ActFormats
import ActIR
import ActPlan

/// What a picture is to be, as the denoiser reads it.
struct Condition {
  /// Of a text, by the denoiser's inputs: the rows of one entry.
  var states: [String: ResultTensor] = [:]
  /// The class of the image, where it is of one.
  var label: Int?
}

extension PictureModel {
  /// What to tell of texts that are longer than the encoders take; nil where none is.
  package func cut(_ request: Request) throws -> String? {
    for text in [request.prompt, request.negativePrompt].compactMap({ $0 }) {
      if let line = try texts.cut(text) { return line }
    }
    return nil
  }

  /// What predictions are made with: where they are guided that of the negative prompt, and that of the prompt.
  ///
  /// - Throws: `EngineError` for a negative prompt that nothing reads, and for a prompt that names no class.
  func conditions(_ request: Request, isGuided: Bool, _ steering: Steering) throws -> [Condition] {
    let input = denoiser.plan.inputs.first { $0.role == .label }
    if request.negativePrompt != nil, !pipeline.isGuided || input != nil {
      throw EngineError("the pipeline reads no negative prompt: leave it out")
    }
    if request.guidance > 1, !pipeline.isGuided,
      !denoiser.plan.inputs.contains(where: { $0.role == .guidance })
    {
      throw EngineError("the pipeline reads no guidance: leave it out, or give 0")
    }
    if let input {
      let label = try label(request.prompt, of: input)
      return (isGuided ? [Condition(label: noLabel(of: input))] : []) + [Condition(label: label)]
    }
    func condition(_ text: String?, _ steering: Steering) throws -> Condition {
      Condition(states: try texts.states(of: text) { strengths(steering, at: 0, of: $0) })
    }
    let prompt = try condition(request.prompt, steering)
    guard isGuided else { return [prompt] }
    return [try condition(request.negativePrompt, request.negativeSteering ?? steering), prompt]
  }

  /// The number of a class of images that a text names, by a name or by the number itself.
  private func label(_ text: String, of input: DeclaredInput) throws(EngineError) -> Int {
    if let label = pipeline.labels.first(where: { $0.name == text }) { return label.number }
    let count = noLabel(of: input)
    if let number = Int(text), (0..<count).contains(number) { return number }
    let closest = text.prefix(256).description.closest(among: pipeline.labels.map(\.name))
    throw EngineError(
      "no class of images is `\(text.prefix(60))`\(closest.map { "; closest is `\($0)`" } ?? ""): give a name, or a "
        + "number from 0 to \(count - 1)")
  }

  /// The number that stands for no class: the last.
  private func noLabel(of input: DeclaredInput) -> Int {
    (denoiser.plan.bound(ofInput: input.name).fixed ?? 1) - 1
  }

  /// What the denoiser reads in a call beside samples, time and guidance, for entries of some conditions.
  func inputs(of entries: [Condition]) -> [String: EntryInputs.Tensor] {
    var tensors: [String: EntryInputs.Tensor] = [:]
    for input in denoiser.plan.inputs {
      let states = entries.compactMap { $0.states[input.name] }
      let labels = entries.compactMap(\.label)
      if let constant = pipeline.constants.first(where: { $0.input == input.name }) {
        tensors[input.name] = numbers(constant.values, entries.count)
      } else if input.role == .label {
        tensors[input.name] = .init(labels)
      } else if input.role == .place, input.isCounted(by: "P"), let grid = layout.grid,
        let axes = input.type.shape.last?.fixed
      {
        let places = places(lines: grid.lines, columns: grid.columns, axes: axes)
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

  /// Numbers that are the same for so many entries.
  func numbers(_ values: [Double], _ count: Int) -> EntryInputs.Tensor {
    .init((0..<count).flatMap { _ in values.map { Float($0) } }, shape: [count, values.count])
  }
}
