import ActCompile
import ActDiffusion
import ActFormats
import ActGraphs

/// A pipeline as `actc show` prints it: its components, and which of them are not supported.
struct DescribedPipeline {
  private let folder: PipelineFolder
  private let components: [Description]

  private struct Description {
    var component: PipelineFolder.Component
    var isSupported = true
    /// Of a network, how many tensors it has and of how many bytes.
    var tensors: (count: Int, bytes: Int)?
  }

  init(_ folder: PipelineFolder) throws {
    self.folder = folder
    components = try folder.components.map { component in
      var description = Description(component: component)
      switch component.kind {
      case .network:
        let path = folder.path(of: component)
        let configuration = "\(path)/config.json"
        description.isSupported = ModelGraph.isSupported(
          component.className, fileExists(configuration) ? try JSON(readingFile: configuration) : .null)
        let checkpoint = try Checkpoint(path)
        description.tensors = (checkpoint.names.count, checkpoint.byteCount)
      case .scheduler: description.isSupported = schedulerNames.contains(component.className)
      case .tokenizer, .other: break
      }
      return description
    }
  }

  var text: String {
    var lines = ["// pipeline \(legible(folder.className))"]
    for description in components {
      let component = description.component
      var parts = ["\(legible(component.className)) of \(legible(component.library))"]
      if let (count, bytes) = description.tensors { parts.append("\(count) tensors, \(bytes) bytes") }
      if !description.isSupported { parts.append("not supported") }
      lines.append("// \(legible(component.name)): \(parts.joined(separator: "; "))")
    }
    for setting in folder.settings { lines.append("// \(legible("\(setting.key) = \(setting.value)"))") }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: JSON {
    .object([
      "pipeline": .string(folder.className),
      "components": .array(
        components.map { description in
          let component = description.component
          let tensors = description.tensors
          return .object([
            "name": .string(component.name), "library": .string(component.library),
            "class": .string(component.className), "kind": .string(component.kind.rawValue),
            "is_supported": .bool(description.isSupported),
            "tensors": tensors.map { .int($0.count) } ?? .null,
            "bytes": tensors.map { .int($0.bytes) } ?? .null,
          ])
        }), "settings": .object(folder.settings),
    ])
  }
}
