import ActFormats
import ActIR
import ActLowering

/// A plan of a language model, loaded: its engine and its tokenizer.
public final class LanguageModel {
  public let plan: Plan
  public let engine: Engine
  public let tokenizer: Tokenizer?
  /// The width of the logits.
  public let vocabularySize: Int
  /// Tokens 0 ..< this can be read and predicted.
  public var tokenCount: Int { min(vocabularySize, plan.vocabularySize ?? vocabularySize) }
  /// The longest sequence, in tokens.
  public var contextLength: Int { plan.contextLength }
  let path: String

  /// Maps, checks and binds a plan file.
  public convenience init(
    _ path: String, threads: Int? = nil, maximumSequences: Int = 1, maximumSlots: Int = 64
  ) throws {
    let file = try PlanFile(path)
    let engine = try Engine(
      plan: file.plan, owner: file.file, threads: threads, maximumSequences: maximumSequences,
      maximumSlots: maximumSlots
    ) { name in
      guard let tensor = file.file[name], let address = file.file.bytes(of: tensor).baseAddress else {
        throw FileError(path, name, "no such tensor")
      }
      return address
    }
    try self.init(engine, path: path, tokenizer: file.makeTokenizer(path: path))
  }

  /// Wraps an engine whose plan is not on disk.
  public init(_ engine: Engine, path: String, tokenizer: Tokenizer?) throws {
    guard let logits = engine.plan.results.first(where: { $0.name == "logits" }),
      case let type = engine.plan.values[logits.value].type, type.shape.first == .symbol("R"),
      let width = type.shape.last?.fixed
    else {
      throw FileError(
        path, "logits", "expected a result f32[R,V], found none", next: "is it a language model's?")
    }
    // Only a caller who knows what such an input means can fill it.
    if let input = engine.plan.values.first(where: { $0.place == .call && $0.type.dtype == .f32 }) {
      throw FileError(
        path, input.name, "expected inputs of tokens alone, found \(input.type)",
        next: "is it a language model's?")
    }
    self.path = path
    self.engine = engine
    self.tokenizer = tokenizer
    plan = engine.plan
    vocabularySize = width
  }

  /// The token ids of a text, with the special tokens that the model expects around it.
  public func encode(_ text: String) throws -> [Int32] {
    guard let tokenizer else {
      throw FileError(
        path, "tokenizer", "the plan has none", next: "compile it from a directory with tokenizer.json")
    }
    return try tokenizer.encode(text).map { token in
      guard (0..<tokenCount).contains(token) else {
        throw FileError(
          path, "tokenizer", "expected tokens 0 to \(tokenCount - 1), as the model has, found \(token)",
          next: "compile it with the model's own tokenizer.json")
      }
      return Int32(token)
    }
  }

  /// The text of tokens; empty where the plan has no tokenizer.
  public func decode(_ tokens: [Int32]) -> String { tokenizer?.decode(tokens.map { Int($0) }) ?? "" }

  /// The logits of wanted row `index` of the last step.
  func logits(_ index: Int) -> UnsafeBufferPointer<Float> {
    let base = engine.result("logits")! + index * vocabularySize
    return UnsafeBufferPointer(start: base, count: vocabularySize)
  }
}

extension PlanFile {
  /// The tokenizer that the plan carries, or nil.
  func makeTokenizer(path: String) throws -> Tokenizer? {
    guard let tokenizer else { return nil }
    do {
      let configuration = try tokenizerConfiguration.map {
        try TokenizerConfig(json: JSON(parsing: $0), path: "\(path): tokenizer_config")
      }
      return try Tokenizer(json: JSON(parsing: tokenizer), path: "\(path): tokenizer", config: configuration)
    } catch let error as JSONError {
      throw FileError(path, "tokenizer", "\(error)")
    }
  }
}
