import ActDiffusion
import ActFormats
import ActGraphs
import ActIR
import ActPlan

/// How the networks of a class of pipelines work together.
private struct PictureMaking {
  /// The class in diffusers.
  var className: String
  /// What the denoiser reads of the texts.
  var wires: [Wire]
  /// What a run has that is told nothing else.
  var steps: Int
  var guidance: Double
}

/// Every class of pipelines that is compiled whole, one line each.
private let pictureMakings = [
  PictureMaking(
    className: "StableDiffusionPipeline",
    wires: [Wire("encoder_hidden_states", from: "last_hidden_state", of: "text_encoder")], steps: 50,
    guidance: 7.5)
]

extension Pipeline {
  /// The networks with the wires between them, and what a plan of them records.
  ///
  /// - Throws: `FileError` for a class of pipelines that is not compiled whole, for a component that is missing, and for
  ///   a scheduler that is not supported.
  package func forPlan() throws -> (networks: [Model], pipeline: PlanPipeline) {
    let index = "\(folder.path)/model_index.json"
    guard let making = pictureMakings.first(where: { $0.className == folder.className }) else {
      throw FileError.unsupported(
        index, "_class_name", "`\(legible(folder.className))` is not compiled whole",
        next:
          "known: \(pictureMakings.map(\.className).joined(separator: ", ")); `actc compile` takes a component"
      )
    }
    guard let (scheduler, path) = try folder.scheduler() else {
      throw FileError(index, "scheduler", "expected a scheduler, found none")
    }
    _ = try readScheduler(scheduler, path: path)
    let encoders = networks.filter { $0.reads(.token) }
    guard let denoiser = networks.firstIndex(where: { $0.reads(.sample) }),
      let length = encoders.map(\.contextLength).min()
    else {
      throw FileError(
        index, nil, "expected an encoder of texts and a denoiser, found \(networks.map(\.graph.name))")
    }
    var networks = networks
    networks[denoiser] = networks[denoiser].with(wires: making.wires)
    let decoder = networks.dropFirst(denoiser + 1).last
    let scale = try decoder?.latentNumber("scaling_factor", in: 1e-6...1e6)
    return (
      networks,
      PlanPipeline(
        className: making.className, scheduler: scheduler, textLength: length,
        latentScale: scale
          ?? (decoder?.files.configuration["_class_name"]?.string == "AutoencoderKL" ? 0.18215 : 1),
        latentShift: try decoder?.latentNumber("shift_factor", in: -1e6...1e6) ?? 0, steps: making.steps,
        guidance: making.guidance)
    )
  }

  /// The tokenizer of a network that reads tokens, for a plan; nil for another network.
  package func tokenizer(of network: Model) throws -> PlanTokenizer? {
    guard network.reads(.token) else { return nil }
    let name = network.graph.name
    guard let component = folder.networks.first(where: { $0.name == name }),
      let tokenizer = folder.tokenizer(of: component)
    else { throw FileError(folder.path, name, "expected a tokenizer of its texts, found none") }
    return try ModelTokenizer(directory: folder.path(of: tokenizer)).inPlan(named: name)
  }

  /// The network that a map was fitted on: the one of its fingerprint.
  ///
  /// - Throws: `UsageError` where there is none.
  package func network(of map: MapFile, path: String) throws -> Int {
    if let index = networks.firstIndex(where: { $0.fingerprint == map.modelFingerprint }) { return index }
    throw UsageError(
      "\(path): fitted on another model than the networks of \(folder.path): \(networks.map(\.graph.name).joined(separator: ", "))"
    )
  }
}

extension Model {
  /// Whether one of its inputs has a role.
  package func reads(_ role: InputRole) -> Bool { graph.declaredInputs.contains { $0.role == role } }

  /// A number of the configuration that concerns latents; nil where it has none.
  fileprivate func latentNumber(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
    guard let value = files.configuration[key], value != .null else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw FileError(files.configurationPath, key, "expected a number from \(range.spelling)")
    }
    return number
  }
}
