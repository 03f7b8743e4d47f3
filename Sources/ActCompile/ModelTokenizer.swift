import ActFormats
import ActPlan
import ActText

/// The tokenizer of a model as a plan carries it, checked as the plan's reader will check it.
package struct ModelTokenizer: Sendable {
  package let compiled: CompiledTokenizer
  /// The text of `tokenizer_config.json`, with the template of `chat_template.jinja` where there is one; nil where there
  /// is neither.
  package let configuration: String?

  /// Reads `tokenizer.json`, and `tokenizer_config.json` with its chat template where there is one, of a directory or as
  /// a GGUF file has them; nil for a model without a tokenizer.
  ///
  /// - Parameters:
  ///   - files: the model's.
  ///   - isRequired: whether the plan is of little use without it. If false, a tokenizer that we do not support is none.
  ///   - note: receives what the model has and we do not support, though the plan runs without it.
  /// - Throws: `FileError` for a file that is damaged, or that does not fit the other.
  package init?(_ files: ModelFiles, isRequired: Bool, note: (String) -> Void) throws(FileError) {
    do throws(FileError) {
      let configuration = try files.tokenizerConfiguration()
      var config: TokenizerConfig?
      if let (text, path) = configuration {
        let checked = try TokenizerConfig(parsing: text, path: path)
        if checked.chatTemplate != nil { try Self.check(checked, path, note: note) }
        config = checked
      }
      guard let (compiled, path) = try files.compiledTokenizer() else { return nil }
      _ = try Tokenizer(compiled, path: path, config: config)
      self.compiled = compiled
      self.configuration = configuration?.text
    } catch {
      guard error.isUnsupported, !isRequired else { throw error }
      note("\(error); the plan takes tokens, and no text")
      return nil
    }
  }

  /// Reads the tokenizer of a folder that holds nothing else.
  ///
  /// - Throws: `FileError` for a folder without one, or one that is damaged or not supported.
  init(directory: String) throws(FileError) {
    let path = "\(directory)/tokenizer.json"
    configuration = try TokenizerConfig.text(inDirectory: directory)
    guard
      let compiled = try fileExists(path)
        ? CompiledTokenizer(path: path) : CompiledTokenizer.ofFiles(inDirectory: directory)?.tokenizer
    else {
      throw FileError.unsupported(
        directory, nil,
        "expected tokenizer.json, or of CLIP vocab.json and merges.txt, or of T5 spiece.model, found none",
        next: "save the tokenizer with transformers' AutoTokenizer, which writes tokenizer.json")
    }
    self.compiled = compiled
    let config = try configuration.map { (text) throws(FileError) in
      try TokenizerConfig(parsing: text, path: "\(directory)/tokenizer_config.json")
    }
    _ = try Tokenizer(compiled, path: directory, config: config)
  }

  /// The most tokens of a text that the tokenizer of a folder says; nil where it says none.
  static func longestText(inDirectory directory: String) throws(FileError) -> Int? {
    guard let text = try TokenizerConfig.text(inDirectory: directory) else { return nil }
    return try TokenizerConfig(parsing: text, path: "\(directory)/tokenizer_config.json").longestText
  }

  /// Checks a chat template.
  private static func check(
    _ config: TokenizerConfig, _ path: String, note: (String) -> Void
  ) throws(FileError) {
    do throws(FileError) { _ = try ChatTemplate(config, path: path) } catch {
      guard error.isUnsupported else { throw error }
      note("\(error)")
    }
  }

  /// As a plan carries it.
  package var inPlan: PlanTokenizer { inPlan(named: nil) }

  /// As a plan of several carries it.
  func inPlan(named name: String?) -> PlanTokenizer {
    PlanTokenizer(compiled, configuration: configuration, name: name)
  }
}

extension Model {
  /// The tokenizer, with which texts become tokens.
  ///
  /// - Throws: `FileError` for a model without one, or one that is damaged or not supported.
  package func tokenizer() throws(FileError) -> Tokenizer {
    guard let (compiled, path) = try files.compiledTokenizer() else {
      throw FileError(self.path, nil, "the model has no tokenizer", next: "give a model with tokenizer.json")
    }
    let config = try files.tokenizerConfiguration().map { (text, path) throws(FileError) in
      try TokenizerConfig(parsing: text, path: path)
    }
    return try Tokenizer(compiled, path: path, config: config)
  }

  /// The template that lays out chats.
  ///
  /// - Throws: `FileError` for a model without one, or one that is not supported.
  package func chatTemplate() throws(FileError) -> ChatTemplate {
    guard let (text, path) = try files.tokenizerConfiguration() else {
      throw FileError(self.path, "chat_template", "the model has no tokenizer_config.json")
    }
    return try ChatTemplate(TokenizerConfig(parsing: text, path: path), path: path)
  }
}
