import ActFormats
import ActIR
import ActPlan

/// What a denoiser reads of a prompt, by the names of its inputs: the rows of one entry.
package typealias PromptStates = [String: ResultTensor]

/// The text encoders of a pipeline, loaded: prompts in, what the denoiser reads of them out.
package struct PromptEncoders {
  /// One of them.
  package struct Encoder {
    package let model: EntryModel
    package let tokenizer: PromptTokenizer
    private let tokens: String

    /// Returns nil for a model that reads no texts as long as the tokenizer makes them.
    package init?(_ model: EntryModel, _ tokenizer: PromptTokenizer) {
      guard let tokens = model.plan.inputs.first(where: { $0.role == .token }),
        tokenizer.length <= min(model.plan.contextLength, model.engine.maximumRows)
      else { return nil }
      self.model = model
      self.tokenizer = tokenizer
      self.tokens = tokens.name
    }

    /// The results of the model for prompts, an entry each, and how many tokens each has.
    fileprivate func results(
      of prompts: [String], _ strengths: Steering
    ) throws -> (results: [ResultTensor], counts: [Int]) {
      let tokens = try prompts.map { try tokenizer.tokens(of: $0) }
      let entries = tokens.enumerated().flatMap { [Int](repeating: $0, count: $1.count) }
      let inputs = EntryInputs(
        path: model.path, [self.tokens: .init(tokens.flatMap { $0 }), EntryInputs.sequences: .init(entries)])
      return (try model.evaluate(inputs, strengths: strengths), tokens.map(\.count))
    }
  }

  package let encoders: [Encoder]
  /// From which of their results which input of the denoiser comes.
  private let wires: [Wire]

  package init(_ encoders: [Encoder], wires: [Wire]) {
    self.encoders = encoders
    self.wires = wires
  }

  /// What the denoiser reads of each of some prompts, whatever others there are.
  ///
  /// - Parameters:
  ///   - prompts: the prompts.
  ///   - strengths: the steering of an encoder.
  /// - Returns: the states of each prompt.
  /// - Throws: what the tokenizers and the models throw.
  package func states(of prompts: [String], strengths: (EntryModel) -> Steering) throws -> [PromptStates] {
    var states = [PromptStates](repeating: [:], count: prompts.count)
    for encoder in encoders {
      let plan = encoder.model.plan
      let wires = wires.filter { $0.module == plan.name }
      guard !wires.isEmpty else { continue }
      let (results, counts) = try encoder.results(of: prompts, strengths(encoder.model))
      for wire in wires {
        guard let result = results.first(where: { $0.name == wire.result }) else { continue }
        let rowsOfTokens = plan.symbol(ofResult: wire.result) == "T"
        let width = result.shape.dropFirst().reduce(1, *)
        var row = 0
        for (prompt, count) in counts.enumerated() {
          let rows = rowsOfTokens ? count : 1
          states[prompt][wire.input] = ResultTensor(
            name: wire.result, shape: [rows] + result.shape.dropFirst(),
            values: Array(result.values[row * width..<(row + rows) * width]))
          row += rows
        }
      }
    }
    return states
  }
}

extension Plan {
  /// What counts the rows of a result.
  fileprivate func symbol(ofResult name: String) -> String? {
    guard let result = results.first(where: { $0.name == name }),
      case .symbol(let symbol)? = values[result.value].type.shape.first
    else { return nil }
    return symbol
  }
}
