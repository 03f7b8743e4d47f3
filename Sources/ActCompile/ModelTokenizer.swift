import ActFormats
import ActPlan
import ActText

/// The tokenizer of a model as a plan carries it, checked as the plan's reader will check it.
package struct ModelTokenizer: Sendable {
  package let compiled: CompiledTokenizer
  /// The text of `tokenizer_config.json`, with the template of `chat_template.jinja` where there is one; nil where there
  /// is neither.
  package let configuration: String?

  /// Reads `tokenizer.json`, and `tokenizer_config.json` with its chat template where there is one; nil for a directory
  /// without a tokenizer.
  ///
  /// - Parameters:
  ///   - directory: the model's directory.
  ///   - isRequired: whether the plan is of little use without it. If false, a tokenizer that we do not support is none.
  ///   - note: receives what the model has and we do not support, though the plan runs without it.
  /// - Throws: `FileError` for a file that is damaged, or that does not fit the other.
  package init?(directory: String, isRequired: Bool, note: (String) -> Void) throws(FileError) {
    let path = "\(directory)/tokenizer.json"
    let configurationPath = "\(directory)/tokenizer_config.json"
    let configuration = try TokenizerConfig.text(inDirectory: directory)
    var config: TokenizerConfig?
    if let configuration {
      let checked = try TokenizerConfig(parsing: configuration, path: configurationPath)
      if checked.chatTemplate != nil {
        do throws(FileError) { _ = try ChatTemplate(checked, path: configurationPath) } catch {
          guard error.isUnsupported else { throw error }
          note("\(error)")
        }
      }
      config = checked
    }
    guard fileExists(path) else { return nil }
    do throws(FileError) {
      compiled = try CompiledTokenizer(path: path)
      _ = try Tokenizer(compiled, path: path, config: config)
    } catch {
      guard error.isUnsupported, !isRequired else { throw error }
      note("\(error); the plan takes tokens, and no text")
      return nil
    }
    self.configuration = configuration
  }

  /// As a plan carries it.
  package var inPlan: PlanTokenizer { PlanTokenizer(compiled, configuration: configuration) }
}
