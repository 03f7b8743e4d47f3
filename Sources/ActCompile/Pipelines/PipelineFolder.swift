import ActErrors
import ActFormats

/// A folder of diffusers: a pipeline, whose `model_index.json` names its components, each with a folder of its own.
package struct PipelineFolder: Sendable {
  /// A part of a pipeline.
  package struct Component: Hashable, Sendable {
    /// What a component is to a compiler.
    package enum Kind: String, Hashable, Sendable {
      case network, tokenizer, scheduler
      /// What making pictures of texts does without: preprocessors, filters of pictures, encoders of them.
      case other
    }

    /// The name that the pipeline has for it, and that of its folder.
    package let name: String
    /// The package of Python that has its class.
    package let library: String
    package let className: String
    package let kind: Kind
  }

  private static let indexName = "model_index.json"

  package let path: String
  /// The path of `model_index.json`, for messages.
  package var indexPath: String { "\(path)/\(Self.indexName)" }
  /// The class of the pipeline in diffusers.
  package let className: String
  /// In the order of the file; those that are null are left out.
  package let components: [Component]
  /// What the pipeline says of itself beside its components.
  package let settings: [JSON.Member]
  /// What takes the place of components, by their names.
  private var replacements: [String: String] = [:]

  /// Whether `path` is the folder of a pipeline.
  package static func isPipeline(_ path: String) -> Bool { fileExists("\(path)/\(indexName)") }

  /// Reads and checks `model_index.json`.
  package init(_ path: String) throws(FileError) {
    let index = "\(path)/\(Self.indexName)"
    let json = try JSON(readingFile: index)
    guard let className = json["_class_name"]?.string, !className.isEmpty else {
      throw FileError(index, "_class_name", "expected the name of a pipeline")
    }
    var components: [Component] = []
    var settings: [JSON.Member] = []
    for member in json.members ?? [] where !member.key.hasPrefix("_") {
      guard let pair = member.value.array, pair.count == 2,
        pair.allSatisfy({ $0 == .null || $0.string != nil })
      else {
        settings.append(member)
        continue
      }
      guard let library = pair[0].string, let name = pair[1].string else { continue }
      // Bytes, not characters: a slash with a combining mark is another character and still a slash to the system.
      guard let first = member.key.utf8.first, first != UInt8(ascii: "."),
        !member.key.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
      else { throw FileError(index, legible(member.key), "expected the name of a folder beside it") }
      components.append(
        Component(name: member.key, library: library, className: name, kind: Self.kind(member.key, name)))
    }
    guard !components.isEmpty else { throw FileError(index, nil, "expected components, found none") }
    self.path = path
    self.className = className
    self.components = components
    self.settings = settings
  }

  private static func kind(_ name: String, _ className: String) -> Component.Kind {
    if className.hasSuffix("Scheduler") { return .scheduler }
    if className.hasSuffix("Tokenizer") || className.hasSuffix("TokenizerFast") { return .tokenizer }
    if className.hasSuffix("Processor") || className.hasSuffix("FeatureExtractor") { return .other }
    return ["safety_checker", "image_encoder", "feature_extractor", "watermark"].contains(name)
      ? .other : .network
  }

  /// Where a component lies.
  package func path(of component: Component) -> String {
    guard let other = replacements[component.name], !Self.isWeights(other) else {
      return "\(path)/\(component.name)"
    }
    return other
  }

  /// The file of weights that takes the place of a component's own; nil for its own.
  func weights(of component: Component) -> String? {
    replacements[component.name].flatMap { Self.isWeights($0) ? $0 : nil }
  }

  /// Whether a path is of weights alone.
  private static func isWeights(_ path: String) -> Bool { path.hasSuffix(".safetensors") }

  /// The folder with other components.
  ///
  /// - Parameter others: by the names of components, the folder of another, or for a network a file of safetensors with
  ///   other weights for its configuration.
  /// - Returns: the folder, which reads these from there.
  /// - Throws: `UsageError` for a component that the pipeline does not have, and for a file in place of no network.
  package func replacing(_ others: [String: String]) throws(UsageError) -> PipelineFolder {
    for (name, path) in others.sorted(by: { $0.key < $1.key }) {
      guard let component = components.first(where: { $0.name == name }) else {
        let closest = name.prefix(256).description.closest(among: components.map(\.name))
        throw UsageError(
          "--component: the pipeline has no `\(name)`\(closest.map { "; closest is `\($0)`" } ?? ""); it has "
            + components.map(\.name).joined(separator: ", "))
      }
      guard component.kind == .network || !Self.isWeights(path) else {
        throw UsageError("--component: expected a folder in place of `\(name)`, found weights, \(path)")
      }
    }
    var folder = self
    folder.replacements.merge(others) { $1 }
    return folder
  }

  /// The networks, in the order in which they run: encoders of texts, then what removes noise, then the decoder.
  package var networks: [Component] {
    let networks = components.filter { $0.kind == .network }
    func place(_ component: Component) -> Int {
      component.name.hasPrefix("text_encoder") ? 0 : component.name.hasPrefix("vae") ? 2 : 1
    }
    return (0...2).flatMap { wanted in networks.filter { place($0) == wanted }.sorted { $0.name < $1.name } }
  }

  /// The tokenizer whose tokens a network reads: `tokenizer_2` of `text_encoder_2`; nil where there is none.
  package func tokenizer(of network: Component) -> Component? {
    guard network.name.hasPrefix("text_encoder") else { return nil }
    let name = "tokenizer" + network.name.dropFirst("text_encoder".count)
    return components.first { $0.name == name && $0.kind == .tokenizer }
  }

  /// What the pipeline says under a key beside its components; nil for nothing.
  package func setting(_ key: String) -> JSON? {
    settings.first { $0.key == key }?.value
  }

  /// The parsed `scheduler_config.json`, and its path; nil for a pipeline without a scheduler.
  package func scheduler() throws(FileError) -> (configuration: JSON, path: String)? {
    guard let component = components.first(where: { $0.kind == .scheduler }) else { return nil }
    let path = "\(path(of: component))/scheduler_config.json"
    return (try JSON(readingFile: path, takesNonFinite: true), path)
  }
}
