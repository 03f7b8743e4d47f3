import ActErrors
import ActFormats
import ActIR

/// One family of models: how its configuration and weights become a graph.
struct Architecture: Sendable {
  /// As in the `architectures` of `config.json`, or for models of diffusers in its `_class_name`; several where they differ in heads that are not read.
  let names: [String]
  /// Of a checkpoint that holds several graphs, what each is called.
  let modules: [String]
  /// Whether a graph takes images of a size that its configuration does not say.
  let takesSize: Bool
  /// How the names of tensors begin that belong to heads which are not read.
  let otherHeads: [String]
  /// How the names of a module's tensors begin that do not begin as the module is called.
  let otherTensors: [String: [String]]
  /// What its checkpoints can hold beside what they usually do.
  var variants: [CheckpointVariant] = []
  /// The family as whose checkpoints some of its own can be written.
  var kin: CheckpointKin?
  let build: @Sendable (Configuration, @escaping (String) -> TensorType?, ModelPart) throws -> ModelGraph

  /// An architecture of one graph.
  init(
    _ names: String..., otherHeads: [String] = [],
    build: @escaping @Sendable (Configuration, @escaping (String) -> TensorType?) throws -> ModelGraph
  ) {
    self.names = names
    self.otherHeads = otherHeads
    otherTensors = [:]
    modules = []
    takesSize = false
    self.build = { configuration, weightType, _ in try build(configuration, weightType) }
  }

  /// An architecture of one graph that takes images: `build` is given the size of its input.
  init(
    _ name: String, otherHeads: [String] = [],
    build:
      @escaping @Sendable (Configuration, @escaping (String) -> TensorType?, ImageSize) throws -> ModelGraph
  ) {
    names = [name]
    self.otherHeads = otherHeads
    otherTensors = [:]
    modules = []
    takesSize = true
    self.build = { configuration, weightType, part in
      guard let size = part.size else { preconditionFailure("checked") }
      return try build(configuration, weightType, size)
    }
  }

  /// An architecture of several graphs that take images: `build` is given the module and the size of its input.
  init(
    _ name: String, modules: [String], otherTensors: [String: [String]] = [:],
    build:
      @escaping @Sendable (
        Configuration, @escaping (String) -> TensorType?, _ module: String, ImageSize
      ) throws -> ModelGraph
  ) {
    names = [name]
    otherHeads = []
    self.otherTensors = otherTensors
    self.modules = modules
    takesSize = true
    self.build = { configuration, weightType, part in
      guard let module = part.module, let size = part.size else { preconditionFailure("checked") }
      return try build(configuration, weightType, module, size)
    }
  }

  /// An architecture of several graphs: `build` is given the module.
  init(
    _ name: String, modules: [String], otherHeads: [String] = [],
    build:
      @escaping @Sendable (Configuration, @escaping (String) -> TensorType?, _ module: String) throws ->
      ModelGraph
  ) {
    names = [name]
    self.otherHeads = otherHeads
    otherTensors = [:]
    self.modules = modules
    takesSize = false
    self.build = { configuration, weightType, part in
      guard let module = part.module else { preconditionFailure("checked") }
      return try build(configuration, weightType, module)
    }
  }
}

extension Architecture {
  /// What old checkpoints hold beside the weights: masks and frequencies that are computed anew.
  private static let buffers = [
    ".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias",
    "embeddings.position_ids",
  ]

  /// Checks that no tensor is left of which the architecture makes nothing. Some of what it makes may go nowhere, such as
  /// what the last block of a denoiser makes of the text.
  func checkAllRead(
    _ tensors: [String], by graph: Graph, _ part: ModelPart, path: String, name: String
  ) throws(FileError) {
    var read: Set<String> = []
    for id in graph.liveValues {
      if case .weight(let tensor) = graph[id].op { read.insert(tensor) }
    }
    let others =
      otherHeads
      + modules.filter { $0 != part.module }.flatMap { ["\($0)."] + (otherTensors[$0] ?? []) }
    for tensor in tensors where !read.contains(tensor) {
      guard !others.contains(where: tensor.hasPrefix), !Self.buffers.contains(where: tensor.hasSuffix) else {
        continue
      }
      throw FileError(
        path, tensor, "expected tensors that `\(name)` has as it is configured, found another",
        next: "check the configuration, or remove the tensor")
    }
  }
}

/// Every architecture, one line each.
private let architectures: [Architecture] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  mixtral,
  qwen2MoE,
  qwen3MoE,
  gemma,
  gemma2,
  gemma3,
  phi,
  phi3,
  gpt2,
  gptNeoX,
  opt,
  olmo2,
  stableLM,
  granite,
  cohere,
  bert,
  bertClassifier,
  roberta,
  robertaClassifier,
  distilBert,
  distilBertClassifier,
  t5,
  mt5,
  umt5,
  llama.withoutHead("LlamaModel"),
  mistral.withoutHead("MistralModel"),
  qwen2.withoutHead("Qwen2Model"),
  qwen3.withoutHead("Qwen3Model"),
  gemma.withoutHead("GemmaModel"),
  gemma2.withoutHead("Gemma2Model"),
  clip,
  clipText,
  clipVision,
  autoencoderTiny,
  autoencoderKL,
  unet2DCondition,
  fluxTransformer,
  sd3Transformer,
  pixArtTransformer,
  ditTransformer,
  zImageTransformer,
  consistencyUNet,
]

extension ModelGraph {
  /// The names of all architectures, as configurations have them.
  package static let architectureNames = architectures.flatMap(\.names)

  /// Whether models of a class are built, of which `configuration` is one.
  package static func isSupported(_ className: String, _ configuration: JSON) -> Bool {
    architectureNames.contains(RenamedClass.current(className, of: configuration))
  }

  /// Each architecture: its names, and the modules of one of several graphs.
  package static let supported = architectures.map { (names: $0.names, modules: $0.modules) }

  /// Builds the graph of a model.
  ///
  /// - Parameters:
  ///   - configuration: the model's `config.json`, parsed.
  ///   - path: its path, for messages.
  ///   - part: what to build of it.
  ///   - tensors: the names of the checkpoint's tensors.
  ///   - weightType: the type of a tensor of the checkpoint by name, or nil.
  /// - Throws: `FileError` for an unknown architecture, which is unsupported, and for a configuration or a checkpoint
  ///   that does not fit it, or of which something is left unread; `ModelPartError` for a part that it does not have.
  package init(
    configuration: JSON, path: String, part: ModelPart = ModelPart(), tensors: [String],
    weightType: @escaping (String) -> TensorType?
  ) throws {
    let (architecture, name) = try Self.architecture(of: configuration, path: path)
    try architecture.check(part, name: name)
    let configuration = Configuration(path: path, json: configuration, wantedContext: part.context)
    self = try architecture.build(configuration, weightType, part)
    try configuration.checkAllRead(by: name)
    try architecture.checkAllRead(tensors, by: graph, part, path: path, name: name)
    if part.encodesTexts { self = encodingTexts() }
    try graph.verify()
  }

  /// The modules of a model of several graphs, in the order in which what one gives is what the next takes; none for a
  /// model of one graph; and whether the first takes images of a size that must be given.
  package static func modules(
    of configuration: JSON, path: String
  ) throws(FileError) -> (names: [String], takesSize: Bool) {
    let architecture = try architecture(of: configuration, path: path).architecture
    return (architecture.modules, architecture.takesSize)
  }

  /// The checkpoints as which a model can be written, those that change the least of its configuration first: the first
  /// is its own.
  package static func forms(of configuration: JSON, path: String) throws(FileError) -> [CheckpointForm] {
    let (architecture, name) = try architecture(of: configuration, path: path)
    return architecture.forms(name, of: configuration) { name in
      architectures.first { $0.names.contains(name) }
    }
  }

  private static func architecture(
    of configuration: JSON, path: String
  ) throws(FileError) -> (architecture: Architecture, name: String) {
    let diffusers = configuration["_class_name"]?.string
    let key = diffusers == nil ? "architectures" : "_class_name"
    guard let named = diffusers ?? configuration[key]?.array?.first?.string else {
      throw FileError(path, "architectures", "expected a list with one name")
    }
    let name = RenamedClass.current(named, of: configuration)
    guard let architecture = architectures.first(where: { $0.names.contains(name) }) else {
      let closest = name.prefix(256).description.closest(among: Self.architectureNames)
      throw FileError.unsupported(
        path, key, "`\(name)` is not supported\(closest.map { "; closest is `\($0)`" } ?? "")",
        next: "`actc models` lists what is; another family is a file in graphs/, see docs/adding-a-model.md")
    }
    return (architecture, name)
  }
}
