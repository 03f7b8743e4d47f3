import ActFormats
import ActText
import Glibc

/// A model on disk: a Hugging Face directory, or a GGUF file, which counts as the directory that `actc import` makes of
/// it.
package struct ModelFiles: Sendable {
  /// The directory or the file.
  package let path: String
  package let checkpoint: Checkpoint
  /// `config.json`, and its path for messages.
  package let configuration: JSON
  let configurationPath: String
  let gguf: GGUFModel?

  /// Opens a directory, or the file at `path` if it is none.
  ///
  /// - Parameters:
  ///   - path: the directory or the file.
  ///   - weights: a file of safetensors whose tensors take the place of the directory's; nil for its own.
  /// - Throws: `FileError` for what cannot be read, and for a pipeline.
  package init(_ path: String, weights: String? = nil) throws(FileError) {
    self.path = path
    guard !Self.isFile(path) else {
      let model = try GGUFModel(path)
      gguf = model
      checkpoint = Checkpoint(model)
      configuration = model.configuration
      configurationPath = path
      return
    }
    gguf = nil
    guard !PipelineFolder.isPipeline(path) else {
      throw FileError(
        path, nil, "expected a model, found a pipeline",
        next: "give one of its components, such as \(path)/text_encoder")
    }
    checkpoint = try Checkpoint(weights ?? path)
    configurationPath = "\(path)/config.json"
    configuration = try JSON(readingFile: configurationPath)
  }

  /// What the files leave out, and what is taken in its place.
  package var notes: [String] { gguf?.notes ?? [] }

  private static func isFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
  }

  // MARK: Texts

  /// `tokenizer.json`, or what stands for it, and its path for messages; nil where there is none.
  ///
  /// - Throws: `FileError` for one that cannot be read, or that is not supported.
  func compiledTokenizer() throws(FileError) -> (tokenizer: CompiledTokenizer, path: String)? {
    if let gguf {
      guard let json = try gguf.tokenizerJSON() else { return nil }
      return (try CompiledTokenizer(json: json, path: path), path)
    }
    let path = "\(self.path)/tokenizer.json"
    guard fileExists(path) else { return try CompiledTokenizer.ofFiles(inDirectory: self.path) }
    return (try CompiledTokenizer(path: path), path)
  }

  /// The text of `tokenizer_config.json`, with the template of `chat_template.jinja`, and its path for messages; nil where there is none.
  func tokenizerConfiguration() throws(FileError) -> (text: String, path: String)? {
    if let gguf { return try gguf.tokenizerConfiguration().map { ($0.pretty, self.path) } }
    let path = "\(self.path)/tokenizer_config.json"
    return try TokenizerConfig.text(inDirectory: self.path).map { ($0, path) }
  }

  /// `eos_token_id` of `generation_config.json`, else of `config.json`, and its place for messages.
  func endTokens() throws(FileError) -> (value: JSON, path: String)? {
    let generation = "\(path)/generation_config.json"
    if gguf == nil, fileExists(generation), let value = try JSON(readingFile: generation)["eos_token_id"],
      value != .null
    {
      return (value, generation)
    }
    guard let value = configuration["eos_token_id"], value != .null else { return nil }
    return (value, configurationPath)
  }
}
