import ActFormats
import ActIR
import ActPlan

/// The encoders of a pipeline with their tokenizers: from a text to what the denoiser reads of it.
package struct PictureTexts {
  /// One of them.
  package struct Encoder {
    package let model: EntryModel
    fileprivate let tokenizer: PromptTokenizer
    fileprivate let tokens: String

    /// Returns nil for a model that reads no texts as long as the tokenizer makes them.
    package init?(_ model: EntryModel, _ tokenizer: PromptTokenizer) {
      guard let tokens = model.plan.inputs.first(where: { $0.role == .token }),
        tokenizer.length <= min(model.plan.contextLength, model.engine.maximumRows)
      else { return nil }
      self.model = model
      self.tokenizer = tokenizer
      self.tokens = tokens.name
    }
  }

  private let encoders: [Encoder]
  private let wires: [(wire: Wire, width: Int)]
  private let zerosNegative: Bool
  private let path: String

  /// The modules of the encoders, in order.
  var models: [EntryModel] { encoders.map(\.model) }

  /// Binds encoders.
  ///
  /// - Parameters:
  ///   - encoders: in the order in which they run.
  ///   - wires: where the denoiser's inputs come from; those from other modules are left out.
  ///   - inputs: the denoiser's.
  ///   - pipeline: how texts are read.
  ///   - path: of the file, for messages.
  /// - Throws: `FileError` for a wire to what is no rows.
  package init(
    _ encoders: [Encoder], wires: [Wire], to inputs: [DeclaredInput], _ pipeline: PlanPipeline, path: String
  ) throws(FileError) {
    self.encoders = encoders
    self.wires = try wires.filter { wire in
      wire.sources.contains { source in encoders.contains { $0.model.plan.name == source.module } }
    }.map { (wire) throws(FileError) in
      guard let type = inputs.first(where: { $0.name == wire.input })?.type, type.rank == 2,
        let width = type.shape[1].fixed
      else { throw FileError(path, wire.input, "expected wires to rows of the denoiser") }
      return (wire, width)
    }
    zerosNegative = pipeline.zerosNegative
    self.path = path
  }

  /// Binds the modules of a plan that read tokens.
  ///
  /// - Throws: `FileError` for an encoder without a tokenizer, or one that takes no texts as the pipeline reads them.
  init(_ file: PlanFile, _ pipeline: PlanPipeline, _ modules: [EntryModel], for denoiser: Plan) throws {
    let path = file.file.path
    func failure(_ what: String) -> FileError {
      FileError(path, "plan", "expected \(what)", next: "compile it again")
    }
    let encoders = try modules.compactMap { module -> Encoder? in
      guard module.plan.inputs.contains(where: { $0.role == .token }) else { return nil }
      let name = module.plan.name
      guard let tokenizer = try file.makeTokenizer(name),
        let text = pipeline.texts.first(where: { $0.module == name })
      else { throw failure("a tokenizer of @\(name)") }
      guard
        let prompts = try PromptTokenizer(
          tokenizer, file.tokenizerConfiguration(name), text, lowercases: pipeline.lowercasesTexts,
          path: "\(path): tokenizer_config"),
        let encoder = Encoder(module, prompts)
      else {
        throw failure(
          "@\(name) to take texts of \(text.length) tokens\(text.isPadded ? ", filled up" : "")"
            + (text.chat == nil ? "" : ", as messages of a chat"))
      }
      return encoder
    }
    try self.init(encoders, wires: denoiser.wires, to: denoiser.inputs, pipeline, path: path)
  }

  /// What to tell of a text that is longer than an encoder takes; nil of one that is not.
  func cut(_ text: String) throws -> String? {
    for encoder in encoders {
      if let (count, read) = try encoder.tokenizer.cut(text) {
        return "a text of \(count) tokens is cut to the \(read) that `\(encoder.model.plan.name)` takes"
      }
    }
    return nil
  }

  /// What the encoders make of a text, by the denoiser's inputs: the rows of one entry.
  ///
  /// - Parameters:
  ///   - text: the text; nil for none, which reads as 0 where the pipeline has that, else as an empty one.
  ///   - strengths: the steering of a module.
  /// - Returns: for each input that a wire leads to from the encoders, its rows.
  /// - Throws: what the tokenizers and the modules throw.
  package func states(
    of text: String?, _ strengths: (EntryModel) -> Steering
  ) throws -> [String: ResultTensor] {
    var results: [Wire.Source: ResultTensor] = [:]
    for encoder in encoders {
      let (tokens, end) = try encoder.tokenizer.tokens(of: text ?? "")
      guard !tokens.isEmpty else {
        throw FileError(path, encoder.model.plan.name, "expected a text, found one of no tokens")
      }
      var inputs = EntryInputs(path: path, [encoder.tokens: .init(tokens)])
      // A row that stands for the text is that of its end, before what fills it up.
      if let input = encoder.model.plan.inputs.first(where: { $0.role == .ending }) {
        inputs.tensors[input.name] = .init([end])
      }
      for result in try encoder.model.evaluate(inputs, strengths: strengths(encoder.model)) {
        results[Wire.Source(result.name, of: encoder.model.plan.name)] = result
      }
    }
    var states: [String: ResultTensor] = [:]
    for (wire, width) in wires {
      states[wire.input] = wire.joined(width: width) { results[$0] }
      if text == nil, zerosNegative { states[wire.input]!.values = states[wire.input]!.values.map { _ in 0 } }
    }
    return states
  }
}
