import ActErrors
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActText

/// A model, opened: its weights, its configuration and its graph.
package struct Model: Sendable {
  package let files: ModelFiles
  /// With a view of every module's input, at which maps may be inserted.
  package private(set) var graph: Graph
  package let contextLength: Int
  /// The inputs that modules before it give, where the model is one of several.
  package private(set) var wires: [Wire]
  /// Of a classifier, what it tells apart.
  package let labels: Labels?
  /// What is added to the checkpoint's matrices.
  package let adapters: [LowRankAdapter]

  /// The directory or the GGUF file.
  package var path: String { files.path }
  package var checkpoint: Checkpoint { files.checkpoint }

  /// Opens a Hugging Face directory or a GGUF file, and builds the graph of its architecture, or of a part of it.
  ///
  /// - Throws: `FileError` for a directory or an adapter that cannot be used, `UsageError` for a part that it does not
  ///   have.
  package init(_ path: String, part: ModelPart = ModelPart(), adapters: [LowRankAdapter] = []) throws {
    try self.init(ModelFiles(path), part: part, adapters: adapters)
  }

  /// Builds the graph of a model whose files are open.
  init(_ files: ModelFiles, part: ModelPart, adapters: [LowRankAdapter]) throws {
    self.files = files
    let checkpoint = files.checkpoint
    let adapted = adapters.adaptedWeights(of: checkpoint)
    let model: ModelGraph
    do {
      model = try ModelGraph(
        configuration: files.configuration, path: files.configurationPath, part: part,
        tensors: checkpoint.names,
        weightType: { name in
          var type = checkpoint.info(of: name).flatMap { TensorType($0) }
          if adapted.contains(name) { type?.dtype = .f32 }
          return type
        })
    } catch let error as ModelPartError { throw UsageError("\(files.path): \(error)") }
    var graph = model.graph
    try graph.add(adapters, to: checkpoint)
    self.graph = graph
    self.adapters = adapters
    contextLength = model.contextLength
    wires = model.wires
    labels = model.labels
  }

  /// Opens a model of one graph for sequences as long as `context`, where that is given.
  package init(_ path: String, context: Int?) throws {
    try self.init(path, part: ModelPart(context: context))
  }

  /// Opens all modules of a model, or the one that `part` names: where they take images of any size, each those that the
  /// one before it gives, and the first those of `part`.
  package static func modules(
    _ path: String, part: ModelPart, adapters: [LowRankAdapter] = []
  ) throws -> [Model] {
    let files = try ModelFiles(path)
    let (names, takesSize) = try ModelGraph.modules(of: files.configuration, path: files.configurationPath)
    guard part.module == nil, part.size != nil || !takesSize, !names.isEmpty else {
      return [try Model(files, part: part, adapters: adapters)]
    }
    var part = part
    return try names.map { name in
      part.module = name
      let model = try Model(files, part: part, adapters: adapters)
      if takesSize, let image = model.graph.results.first.map({ model.graph.type($0.value).shape }),
        image.count == 4,
        let height = image[1].fixed, let width = image[2].fixed
      {
        part.size = ImageSize(width: width, height: height)
      }
      return model
    }
  }

  /// The model as a component of a pipeline: its graph has the component's name.
  func named(_ component: String) -> Model {
    var model = self
    model.graph.name = component
    model.wires = []
    return model
  }

  /// The model with another graph of its checkpoint.
  func with(graph: Graph) -> Model {
    var model = self
    model.graph = graph
    return model
  }

  /// Another part of the same checkpoint, with which the model shares its tensors in a plan.
  func reopened(_ part: ModelPart) throws -> Model { try Model(files, part: part, adapters: adapters) }

  /// The model with other modules before it.
  func with(wires: [Wire]) -> Model {
    var model = self
    model.wires = wires
    return model
  }

  /// The kind of model, `model_type` of the configuration; nil where it names none.
  package var modelType: String? { files.configuration["model_type"]?.string }

  /// Stands for the weights, with what adapters add.
  package var fingerprint: String { adapters.fingerprint(of: checkpoint.fingerprint) }

  /// The outputs of modules in order of execution, with the type of their value.
  package var sites: [(name: String, type: TensorType)] {
    graph.sites.filter { ModuleSite($0.name).part == .output }.map { ($0.name, $0.type) }
  }

  /// The site of that name, an output or not; nil if there is none.
  package func site(named name: String) -> Graph.Site? { graph.sites.first { $0.name == name } }

  /// The number of channels of a site; 0 if there is no site of that name.
  package func width(of site: String) -> Int { self.site(named: site)?.type.shape.last?.fixed ?? 0 }

  /// The sites that match any of `patterns`, in order of execution. A pattern that matches no site is an error.
  package func sites(matching patterns: [String]) throws -> [String] {
    do {
      return try SitePattern.choose(
        patterns, from: graph.sites.map(\.name),
        unmatched: "matches no site; list them with `actc sites \(path)`")
    } catch { throw UsageError("\(error)") }
  }
}

/// Arguments that contradict the files given; exit code 2.
package struct UsageError: ToolError, Hashable {
  package var exitStatus: ExitStatus { .usage }
  package var description: String

  package init(_ description: String) { self.description = description }
}
