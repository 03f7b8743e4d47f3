import ActFormats
import ActIR
import ActPlan
import ActText

/// The encoders of a pipeline with their tokenizers: from a text to what the denoiser reads of it.
struct PictureTexts {
  private struct Encoder {
    let model: EntryModel
    let tokens: DeclaredInput
    let tokenizer: Tokenizer
    let text: PlanPipeline.Text
    /// What fills up a text; nil where nothing does.
    let padding: Int?
  }

  private let encoders: [Encoder]
  private let wires: [(wire: Wire, width: Int)]
  private let pipeline: PlanPipeline
  private let path: String

  /// The modules of the encoders, in order.
  var models: [EntryModel] { encoders.map(\.model) }

  /// Binds the modules that read tokens.
  ///
  /// - Throws: `FileError` for an encoder without a tokenizer, or one that takes no texts as the pipeline reads them.
  init(_ file: PlanFile, _ pipeline: PlanPipeline, _ modules: [EntryModel], for denoiser: Plan) throws {
    let path = file.file.path
    func failure(_ what: String) -> FileError {
      FileError(path, "plan", "expected \(what)", next: "compile it again")
    }
    encoders = try modules.compactMap { module in
      guard let tokens = module.plan.inputs.first(where: { $0.role == .token }) else { return nil }
      let name = module.plan.name
      guard let tokenizer = try file.makeTokenizer(name),
        let text = pipeline.texts.first(where: { $0.module == name })
      else { throw failure("a tokenizer of @\(name)") }
      let padding = try text.isPadded ? file.paddingToken(of: tokenizer, name) : nil
      guard padding != nil || !text.isPadded, text.length <= module.plan.contextLength,
        text.length <= module.engine.maximumRows
      else {
        throw failure("@\(name) to take texts of \(text.length) tokens\(text.isPadded ? ", filled up" : "")")
      }
      return Encoder(model: module, tokens: tokens, tokenizer: tokenizer, text: text, padding: padding)
    }
    wires = try denoiser.wires.filter { wire in
      wire.sources.contains { source in modules.contains { $0.plan.name == source.module } }
    }.map { wire in
      guard let type = denoiser.inputs.first(where: { $0.name == wire.input })?.type, type.rank == 2,
        let width = type.shape[1].fixed
      else { throw failure("wires to rows of @\(denoiser.name)") }
      return (wire, width)
    }
    self.pipeline = pipeline
    self.path = path
  }

  private func read(_ text: String) -> String {
    pipeline.lowercasesTexts ? text.lowercased().trimmed : text
  }

  /// What to tell of a text that is longer than an encoder takes; nil of one that is not.
  func cut(_ text: String) throws -> String? {
    for encoder in encoders {
      let (tokens, count) = try encoder.tokenizer.encode(read(text), atMost: encoder.text.length)
      guard count == tokens.count else {
        return
          "a text of \(count) tokens is cut to the \(tokens.count) that `\(encoder.model.plan.name)` takes"
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
  func states(
    of text: String?, _ strengths: (EntryModel) -> Steering
  ) throws -> [String: ResultTensor] {
    var results: [Wire.Source: ResultTensor] = [:]
    for encoder in encoders {
      var tokens = try encoder.tokenizer.encode(read(text ?? ""), atMost: encoder.text.length).tokens
      guard !tokens.isEmpty else {
        throw FileError(path, encoder.model.plan.name, "expected a text, found one of no tokens")
      }
      var inputs = EntryInputs(path: path, [:])
      // A row that stands for the text is that of its end, before what fills it up.
      if let input = encoder.model.plan.inputs.first(where: { $0.role == .ending }) {
        let end = encoder.tokenizer.eosToken.flatMap { tokens.firstIndex(of: $0) } ?? tokens.count - 1
        inputs.tensors[input.name] = .init([end])
      }
      if let padding = encoder.padding {
        tokens += [Int](repeating: padding, count: encoder.text.length - tokens.count)
      }
      inputs.tensors[encoder.tokens.name] = .init(tokens)
      for result in try encoder.model.evaluate(inputs, strengths: strengths(encoder.model)) {
        results[Wire.Source(result.name, of: encoder.model.plan.name)] = result
      }
    }
    var states: [String: ResultTensor] = [:]
    for (wire, width) in wires {
      states[wire.input] = wire.joined(width: width) { results[$0] }
      if text == nil, pipeline.zerosNegative {
        states[wire.input]!.values = states[wire.input]!.values.map { _ in 0 }
      }
    }
    return states
  }
}

extension String {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    let start = firstIndex { !$0.isWhitespace } ?? endIndex
    let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? endIndex
    return start < end ? String(self[start..<end]) : ""
  }
}

extension PlanFile {
  /// The token that fills up a text, of a plan's tokenizer: the padding token, or where there is none the last.
  fileprivate func paddingToken(of tokenizer: Tokenizer, _ name: String) throws(FileError) -> Int? {
    guard let token = try tokenizerConfiguration(name)?.specialTokens["pad_token"] else {
      return tokenizer.eosToken
    }
    return tokenizer.id(of: token)
  }
}
