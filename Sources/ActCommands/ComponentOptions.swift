import ActCompile
import ArgumentParser

/// Components of a pipeline that are taken from elsewhere.
struct ComponentOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a pipeline, take a component from elsewhere: its folder, or a safetensors file of other weights; repeat the option for several.",
      valueName: "name=path"))
  var component: [String] = []

  func validate() throws { _ = try parsed() }

  /// The folder of a pipeline with them in place of its own.
  func folder(_ path: String) throws -> PipelineFolder { try PipelineFolder(path).replacing(parsed()) }

  /// Refuses them for a model at `path` that is no pipeline.
  func refuse(for path: String) throws {
    guard component.isEmpty else {
      throw ValidationError("--component: \(path) is no pipeline, which has model_index.json")
    }
  }

  /// What takes the place of components, by their names.
  private func parsed() throws -> [String: String] {
    var components: [String: String] = [:]
    for text in component {
      guard let index = text.firstIndex(of: "="), index > text.startIndex,
        text.index(after: index) < text.endIndex
      else { throw ValidationError("--component: expected NAME=PATH, found `\(text)`") }
      let name = String(text[..<index])
      guard components.updateValue(String(text[text.index(after: index)...]), forKey: name) == nil else {
        throw ValidationError("--component: `\(name)` is given twice")
      }
    }
    return components
  }
}
