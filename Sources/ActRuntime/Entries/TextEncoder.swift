import ActFormats
import ActIR
import ActPlan
import ActText

/// An encoder's plan with its tokenizer: texts in, rows of a result out.
package final class TextEncoder {
  package let model: EntryModel
  private let tokenizer: Tokenizer
  private let tokens: DeclaredInput
  /// Texts that were cut to the plan's context so far.
  package private(set) var cutCount = 0

  /// How the hidden states of a text become one row.
  package enum Pooling: String, Hashable, Sendable, CaseIterable {
    case mean
    /// The first token.
    case cls
    case last
  }

  /// Binds the module of texts of a plan that is mapped and checked.
  ///
  /// - Throws: `FileError` for a plan that is no encoder's of texts, or that has no tokenizer.
  package init(_ file: PlanFile, threads: Int? = nil, maximumSlots: Int = 64) throws {
    let path = file.file.path
    let module = file.modules.first { $0.inputs.contains { $0.role == .token } }
    model = try EntryModel(
      file.makeEngine(module, threads: threads, maximumSlots: maximumSlots), path: path)
    guard let tokens = model.plan.inputs.first(where: { $0.role == .token }) else {
      throw FileError(path, nil, "expected an encoder of texts, found a plan that takes no tokens")
    }
    guard let tokenizer = try file.makeTokenizer() else {
      throw FileError(
        path, "tokenizer", "the plan has none", next: "compile it from a directory with tokenizer.json")
    }
    self.tokens = tokens
    self.tokenizer = tokenizer
  }

  /// The most tokens of a text.
  package var mostTokens: Int { min(model.plan.contextLength, model.engine.maximumRows) }

  /// The most texts of one call.
  package var textsPerCall: Int { model.engine.maximumEntries }

  /// The tokens of a text, with those that the model expects around it. A longer text than the plan takes is cut before
  /// the tokens at its end.
  private func encode(_ text: String) throws -> [Int] {
    let (tokens, wholeCount) = try tokenizer.encode(text, atMost: mostTokens)
    if tokens.count < wholeCount { cutCount += 1 }
    return tokens
  }

  /// The rows of a result for each of at most ``textsPerCall`` texts: one, or as many as it has tokens.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - name: the result.
  ///   - strengths: the steering.
  /// - Returns: the rows of each text.
  /// - Throws: what the tokenizer and the model throw.
  package func rows(
    _ texts: [String], result name: String, strengths: Steering = [:]
  ) throws -> [ResultTensor] {
    let encoded = try texts.map { text in
      let tokens = try encode(text)
      guard !tokens.isEmpty else {
        throw FileError(model.path, nil, "expected a text, found one of no tokens")
      }
      return tokens
    }
    let entries = encoded.enumerated().flatMap { [Int](repeating: $0, count: $1.count) }
    let inputs = EntryInputs(
      path: model.path,
      [tokens.name: .init(encoded.flatMap { $0 }), EntryInputs.sequences: .init(entries)])
    guard let result = try model.evaluate(inputs, strengths: strengths).first(where: { $0.name == name })
    else {
      let known = model.plan.results.map(\.name).joined(separator: ", ")
      throw FileError(model.path, name, "the plan has no such result", next: "it has \(known)")
    }
    let width = result.shape.dropFirst().reduce(1, *)
    let isPooled = isPerText(name)
    var start = 0
    return encoded.map { tokens in
      let count = isPooled ? 1 : tokens.count
      defer { start += count }
      return ResultTensor(
        name: name, shape: [count] + result.shape.dropFirst(),
        values: Array(result.values[start * width..<(start + count) * width]))
    }
  }

  /// Whether a result has one row a text.
  private func isPerText(_ name: String) -> Bool {
    model.plan.results.contains {
      $0.name == name && model.plan.values[$0.value].type.shape.first != .symbol("T")
    }
  }

  /// An embedding of each of at most ``textsPerCall`` texts.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - pooling: how hidden states become one row; a result with a row a text stays as it is.
  ///   - isNormalized: whether embeddings have length 1.
  ///   - strengths: the steering.
  /// - Returns: an embedding of each text.
  /// - Throws: what the tokenizer and the model throw.
  package func embeddings(
    _ texts: [String], _ pooling: Pooling = .mean, isNormalized: Bool = true, strengths: Steering = [:]
  ) throws -> [[Float]] {
    let results = model.plan.results.map(\.name)
    let name = ["text_embeds", "last_hidden_state"].first(where: results.contains) ?? "last_hidden_state"
    return try rows(texts, result: name, strengths: strengths).map { rows in
      let embedding = rows.pooled(pooling)
      return isNormalized ? embedding.normalized : embedding
    }
  }
}

extension ResultTensor {
  fileprivate func pooled(_ pooling: TextEncoder.Pooling) -> [Float] {
    let (count, width) = (shape[0], shape.dropFirst().reduce(1, *))
    switch pooling {
    case .cls: return Array(values.prefix(width))
    case .last: return Array(values.suffix(width))
    case .mean:
      return (0..<width).map { channel in
        Float((0..<count).reduce(0.0) { $0 + Double(values[$1 * width + channel]) } / Double(count))
      }
    }
  }
}

extension [Float] {
  fileprivate var normalized: [Float] {
    let length = reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length > 0 ? map { Float(Double($0) / length) } : self
  }
}
