import ActFormats
import ActIR
import ActPlan
import ActText

/// A plan of a language model, loaded: its engine and its tokenizer.
package final class LanguageModel {
  package let plan: Plan
  package let engine: Engine
  /// The slots of all that run on the engine.
  package let slots: SlotPool
  package let tokenizer: Tokenizer?
  /// The tokens that end a text.
  package let endTokens: Set<Int32>
  /// The width of the logits.
  package let vocabularySize: Int
  /// Tokens 0 ..< this can be read and predicted.
  package var tokenCount: Int { min(vocabularySize, plan.vocabularySize ?? vocabularySize) }
  /// The longest sequence, in tokens.
  package var contextLength: Int { plan.contextLength }
  package let path: String
  /// Where the plan comes from, as the compiler wrote it: the model, the maps and the options.
  package let provenance: JSON

  /// Maps, checks and binds a plan file.
  package convenience init(
    _ path: String, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 64
  ) throws {
    try self.init(
      PlanFile(path), threads: threads, maximumSequences: maximumSequences, maximumSlots: maximumSlots)
  }

  /// Binds a plan that is mapped and checked.
  package convenience init(
    _ file: PlanFile, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 64
  ) throws {
    let path = file.file.path
    try Self.check(file.plan, path: path)
    let engine = try file.makeEngine(
      threads: threads, maximumSequences: maximumSequences, maximumSlots: maximumSlots)
    try self.init(
      engine, path: path, tokenizer: file.makeTokenizer(), endTokens: file.endTokens,
      provenance: file.provenance)
  }

  /// Wraps an engine whose plan is not on disk.
  package init(
    _ engine: Engine, path: String, tokenizer: Tokenizer?, endTokens: [Int] = [],
    provenance: JSON = .object([])
  ) throws {
    vocabularySize = try Self.check(engine.plan, path: path)
    self.path = path
    self.engine = engine
    slots = SlotPool(engine)
    engine.path = path
    self.tokenizer = tokenizer
    self.endTokens = Set((endTokens + [tokenizer?.eosToken].compactMap { $0 }).map { Int32($0) })
    self.provenance = provenance
    plan = engine.plan
  }

  /// Checks that a plan is a language model's; returns the width of its logits.
  @discardableResult
  private static func check(_ plan: Plan, path: String) throws(FileError) -> Int {
    guard !plan.needsWholeEntries else {
      throw FileError(
        path, nil, "expected a language model's plan, found one of an encoder", next: "use `actrun run`")
    }
    guard let logits = plan.results.first(where: { $0.name == "logits" }),
      case let type = plan.values[logits.value].type, type.shape.first == .symbol("R"),
      let width = type.shape.last?.fixed
    else {
      throw FileError(
        path, "logits", "expected a result f32[R,V], found none", next: "is it a language model's?")
    }
    // Only a caller who knows what such an input means can fill it.
    if let input = plan.inputs.first(where: { $0.role.isOfWholeEntries }) {
      throw FileError(
        path, input.name, "expected inputs of tokens alone, found \(input.type)",
        next: "is it a language model's?")
    }
    return width
  }

  /// The token ids of a text, by default with the special tokens that the model expects around it.
  package func encode(_ text: String, addSpecialTokens: Bool = true) throws -> [Int32] {
    guard let tokenizer else {
      throw FileError(
        path, "tokenizer", "the plan has none", next: "compile it from a directory with tokenizer.json")
    }
    return try tokenizer.encode(text, addSpecialTokens: addSpecialTokens).map { token in
      guard (0..<tokenCount).contains(token) else {
        throw FileError(
          path, "tokenizer", "expected tokens 0 to \(tokenCount - 1), as the model has, found \(token)",
          next: "compile it with the model's own tokenizer.json")
      }
      return Int32(token)
    }
  }

  /// The token ids of a sample, and how many of them are its context's: all before the first one that differs from those
  /// of the context alone.
  package func encode(_ sample: TextSample) throws -> (tokens: [Int32], contextCount: Int) {
    let tokens = try encode(sample.text)
    if sample.context.isEmpty { return (tokens, 0) }
    return (tokens, zip(tokens, try encode(sample.context)).prefix { $0 == $1 }.count)
  }

  /// The text of tokens; empty where the plan has no tokenizer.
  package func decode(_ tokens: [Int32]) -> String { tokenizer?.decode(tokens.map { Int($0) }) ?? "" }

  /// The logits of wanted row `index` of the last step.
  func logits(_ index: Int) -> UnsafeBufferPointer<Float> {
    let base = engine.result("logits")! + index * vocabularySize
    return UnsafeBufferPointer(start: base, count: vocabularySize)
  }
}
