import ActDiffusion
import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActText

extension Pipeline {
  /// The networks with the wires between them, and what a plan of them records.
  ///
  /// - Parameter context: how many tokens encoders read of a text that take texts of any length; nil for as many as the
  ///   pipeline's class has it.
  /// - Returns: the networks in the order in which they run, and the record.
  /// - Throws: `FileError` for a class of pipelines that is not compiled whole, for a component that is missing, and for
  ///   a scheduler that is not supported.
  package func forPlan(context: Int? = nil) throws -> (networks: [Model], pipeline: PlanPipeline) {
    let (index, making) = (folder.indexPath, try PictureMaking(of: folder))
    guard let (scheduler, path) = try folder.scheduler() else {
      throw FileError(index, "scheduler", "expected a scheduler, found none")
    }
    _ = try readScheduler(scheduler, path: path)
    guard let denoiser = networks.first(where: { $0.reads(.sample) }) else {
      throw FileError(index, nil, "expected a denoiser, found \(networks.map(\.graph.name))")
    }
    let decoder = networks.last { $0.graph.name != denoiser.graph.name && !$0.reads(.token) }

    var pipeline = PlanPipeline(
      className: making.className, scheduler: scheduler, steps: making.steps, guidance: making.guidance)
    var encoders: [Model] = []
    var absent: [String: Int] = [:]
    for text in making.texts {
      guard let network = networks.first(where: { $0.graph.name == text.encoder && $0.reads(.token) }) else {
        guard text.isOptional, case .tokens(let count) = text.length else {
          throw FileError(
            index, text.encoder, "expected an encoder of texts, found none",
            next: "a `\(making.className)` reads texts by it")
        }
        absent[text.encoder] = context ?? count
        continue
      }
      if text.chat != nil { try checkChatTemplate(of: network) }
      var length = try length(of: text, network, context)
      // Texts that a denoiser fills up have a last place.
      if denoiser.reads(.filling) { length = min(length, denoiser.contextLength) }
      pipeline.texts.append(
        .init(
          module: text.encoder, length: length, isPadded: text.isPadded, chat: text.chat.map { .object($0) }))
      encoders.append(network)
    }
    let wires = making.wires.map { $0.without(absent) }
    for wire in wires where !denoiser.graph.declaredInputs.contains(where: { $0.name == wire.input }) {
      throw FileError(
        index, denoiser.graph.name, "expected a denoiser that reads \(wire.input), found one that does not")
    }
    pipeline.lowercasesTexts = making.lowercasesTexts
    let embedsGuidance = denoiser.reads(.guidanceEmbedding)
    guard embedsGuidance || !making.embedsGuidance else {
      throw FileError(
        index, denoiser.graph.name,
        "expected a denoiser with time_cond_proj_dim, as a `\(making.className)` has, found one without",
        next: "a `StableDiffusionPipeline` takes this one")
    }
    // A denoiser that is told of the guidance predicts once.
    pipeline.isGuided = making.isGuided && !embedsGuidance
    // A distilled denoiser is told of no guidance.
    if !making.isGuided, !embedsGuidance, !denoiser.reads(.guidance) { pipeline.guidance = 0 }
    pipeline.zerosNegative = folder.setting("force_zeros_for_empty_prompt")?.bool ?? false
    (pipeline.timeScale, pipeline.timeShift) = (making.timeScale, making.timeShift)
    pipeline.predictionScale = making.predictionScale
    pipeline.plainGuidance = making.plainGuidance
    pipeline.hasEvenSigmas = making.hasEvenSigmas && scheduler["use_flow_sigmas"]?.bool != true
    try describeSamples(denoiser, decoder, making, &pipeline)
    pipeline.labels = try folder.labels()
    let given = wires.map(\.input) + pipeline.constants.map(\.input)
    if let other = denoiser.graph.declaredInputs.first(where: {
      $0.role == .given && !given.contains($0.name)
    }) {
      throw FileError.unsupported(
        index, denoiser.graph.name,
        "a denoiser that reads \(other.name) is not supported in a "
          + "`\(making.className)`", next: "compile the component alone")
    }
    return (encoders + [denoiser.with(wires: wires)] + (decoder.map { [$0] } ?? []), pipeline)
  }

  /// Checks that texts of an encoder can become messages.
  private func checkChatTemplate(of network: Model) throws {
    let path = try tokenizerPath(of: network)
    let configuration = try TokenizerConfig.text(inDirectory: path).map {
      try TokenizerConfig(parsing: $0, path: "\(path)/tokenizer_config.json")
    }
    guard let configuration, configuration.chatTemplate != nil else {
      throw FileError(
        path, "chat_template", "expected the layout of a chat, as prompts are read, found none",
        next: "add chat_template.jinja")
    }
    _ = try ChatTemplate(configuration, path: path)
  }

  /// How many tokens of a text an encoder reads.
  private func length(of text: PictureMaking.Text, _ network: Model, _ context: Int?) throws -> Int {
    switch text.length {
    case .tokens(let count): return min(context ?? count, network.contextLength)
    case .own:
      let own = try ModelTokenizer.longestText(inDirectory: tokenizerPath(of: network))
      return min(own ?? network.contextLength, network.contextLength, context ?? .max)
    }
  }

  /// What concerns samples: latents, and the size of the picture.
  private func describeSamples(
    _ denoiser: Model, _ decoder: Model?, _ making: PictureMaking, _ pipeline: inout PlanPipeline
  ) throws {
    if let decoder {
      (pipeline.latentScales, pipeline.latentShifts) = try decoder.latentFactors(
        hasMoments: making.hasLatentMoments)
    }
    guard let sample = denoiser.graph.declaredInputs.first(where: { $0.role == .sample })?.type,
      let latents = tiledLatents ?? (decoder?.graph.declaredInputs[0].type ?? sample).imageSize
    else {
      throw FileError(folder.indexPath, nil, "expected a decoder of the denoiser's samples, found none")
    }
    if sample.imageSize == nil {
      let channels = sample.shape.last?.fixed ?? 0
      let own = decoder?.graph.declaredInputs[0].type.shape.last?.fixed ?? channels
      let side = Int(Double(channels / max(own, 1)).squareRoot().rounded())
      guard side > 0, side * side * own == channels else {
        throw FileError(
          folder.indexPath, denoiser.graph.name,
          "expected rows of squares of \(own) channels, as the decoder takes them, found \(channels)")
      }
      guard latents.width % side == 0, latents.height % side == 0 else {
        let scale = size.map { $0.width / latents.width } ?? 1
        throw UsageError(
          "--size: expected a width and a height that \(side * scale) divides, as `\(denoiser.graph.name)` reads "
            + "squares of \(side), found \(size.map { "\($0)" } ?? "none")")
      }
      pipeline.imageRows = latents.width / side * (latents.height / side)
    } else if let patch = making.rowSide ?? denoiser.files.configuration["patch_size"]?.int, patch > 0 {
      pipeline.imageRows = latents.width / patch * (latents.height / patch)
    }
    pipeline.latentSize = .init(width: latents.width, height: latents.height)
    pipeline.decodeTile = decodeTile
    let inputs = denoiser.graph.declaredInputs.map(\.name)
    pipeline.constants = making.constants(size ?? latents).filter { inputs.contains($0.input) }
  }

  /// The tokenizer of a network that reads tokens, for a plan; nil for another network.
  package func tokenizer(of network: Model) throws -> PlanTokenizer? {
    guard network.reads(.token) else { return nil }
    return try ModelTokenizer(directory: tokenizerPath(of: network)).inPlan(named: network.graph.name)
  }

  /// Where the tokenizer of an encoder's texts lies.
  private func tokenizerPath(of network: Model) throws(FileError) -> String {
    let name = network.graph.name
    guard let component = folder.networks.first(where: { $0.name == name }),
      let tokenizer = folder.tokenizer(of: component)
    else {
      throw FileError(
        folder.path, name, "expected a tokenizer of its texts, found none",
        next: "name it in model_index.json")
    }
    return folder.path(of: tokenizer)
  }

  /// Which of some networks a map was fitted on: the one of its fingerprint.
  ///
  /// - Throws: `UsageError` where there is none.
  package func network(of map: MapFile, path: String, among networks: [Model]) throws -> Int {
    if let index = networks.firstIndex(where: { $0.fingerprint == map.modelFingerprint }) { return index }
    throw UsageError(
      "\(path): fitted on another model than the networks of \(folder.path): \(networks.map(\.graph.name).joined(separator: ", "))"
    )
  }
}

extension PlanPipeline {
  /// The most rows of text that a network reads of an entry, with those that fill them up.
  package func textRows(of network: Model) -> Int {
    if let text = texts.first(where: { $0.module == network.graph.name }) { return text.length }
    let rows =
      network.wires.map { wire in
        wire.parts.reduce(0) { sum, part in
          switch part {
          case .zeros(let count): sum + count
          case .results(let sources):
            sum + (texts.first { text in sources.contains { $0.module == text.module } }?.length ?? 0)
          }
        }
      }.max() ?? 0
    return network.reads(.filling) ? InputRole.filled(rows) : rows
  }
}

extension Wire {
  /// The wire with rows of 0 in place of modules that are not there.
  fileprivate func without(_ absent: [String: Int]) -> Wire {
    Wire(
      input,
      parts.map { part in
        guard case .results(let sources) = part,
          let count = sources.lazy.compactMap({ absent[$0.module] }).first
        else { return part }
        return .zeros(count)
      })
  }
}

extension TensorType {
  /// The size of the images that a value is; nil for other values.
  fileprivate var imageSize: ImageSize? {
    guard isImages, let height = shape[1].fixed, let width = shape[2].fixed,
      ImageSize.sides.contains(width), ImageSize.sides.contains(height)
    else { return nil }
    return ImageSize(width: width, height: height)
  }
}

extension Model {
  /// Whether one of its inputs has a role.
  package func reads(_ role: InputRole) -> Bool { graph.declaredInputs.contains { $0.role == role } }

  /// What latents are divided by for the decoder, and what is added then: a number, or one for each channel.
  fileprivate func latentFactors(hasMoments: Bool) throws(FileError) -> (scales: [Double], shifts: [Double]) {
    let isKL = files.configuration["_class_name"]?.string == "AutoencoderKL"
    let scale = try latentNumber("scaling_factor", in: 1e-6...1e6) ?? (isKL ? 0.18215 : 1)
    // The published code has both or neither, and where it has them no shift_factor.
    if hasMoments, let means = try latentNumbers("latents_mean", in: -1e6...1e6),
      let deviations = try latentNumbers("latents_std", in: 1e-6...1e6)
    {
      return (deviations.map { scale / $0 }, means)
    }
    return ([scale], [try latentNumber("shift_factor", in: -1e6...1e6) ?? 0])
  }

  /// Numbers of the configuration that concern the channels of latents; nil where it has none.
  private func latentNumbers(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> [Double]? {
    guard let value = files.configuration[key], value != .null else { return nil }
    let channels = graph.declaredInputs.first?.type.shape.last?.fixed ?? 0
    let numbers = value.array?.map(\.double) ?? []
    guard numbers.count == channels, numbers.allSatisfy({ $0.map(range.contains) == true }) else {
      throw FileError(
        files.configurationPath, key,
        "expected \(channels) numbers from \(range.spelling), one a channel of latents")
    }
    return numbers.map { $0! }
  }

  /// A number of the configuration that concerns latents; nil where it has none.
  fileprivate func latentNumber(_ key: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
    guard let value = files.configuration[key], value != .null else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw FileError(files.configurationPath, key, "expected a number from \(range.spelling)")
    }
    return number
  }

  /// The model with the results that wires lead from alone, hidden states before its last layer among them, so that
  /// nothing is computed that no other network reads.
  func exposing(_ wires: [Wire], _ index: String) throws(FileError) -> Model {
    var graph = graph
    let (own, penultimate) = (graph.results, graph.lastLayerInput)
    graph.removeResults()
    for source in wires.flatMap(\.sources) where source.module == graph.name {
      guard !graph.results.contains(where: { $0.name == source.result }) else { continue }
      let result = own.first { $0.name == source.result }?.value
      guard let value = result ?? (source.result == PictureMaking.penultimate ? penultimate : nil) else {
        throw FileError(
          index, graph.name,
          "expected an encoder that gives \(source.result), found one that gives "
            + own.map(\.name).joined(separator: ", "))
      }
      graph.addResult(source.result, value)
    }
    return with(graph: graph)
  }
}

extension Graph {
  /// What the last of its layers reads: a value whose own site is the output of the layer before.
  var lastLayerInput: ValueID? {
    // `….layers.11:in`: a number at the end, and none before it.
    let layers = order.compactMap { id -> (number: Int, value: ValueID)? in
      guard let name = self[id].site, ModuleSite(name).part == .input else { return nil }
      let parts = ModuleSite(name).module.split(separator: ".")
      guard let number = parts.last.flatMap({ Int($0) }), parts.count > 1,
        parts.dropLast().allSatisfy({ Int($0) == nil })
      else { return nil }
      return (number, self[id].inputs[0])
    }
    return layers.max { $0.number < $1.number }?.value
  }
}
