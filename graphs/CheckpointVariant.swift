import ActFormats
import ActIR

/// A program that reads checkpoints of Hugging Face.
package enum CheckpointLoader: String, Hashable, Sendable, CaseIterable {
  case transformers
  case vllm
  case llamaCpp = "llama.cpp"
}

/// A way in which checkpoints of a family can hold more than they usually do: a member of `config.json` with which they
/// have more tensors.
struct CheckpointVariant: Sendable {
  let key: String
  let value: JSON
  /// The tensors that are there with it, by the ends of their names, and the tensor from which each has its rows and its
  /// element type.
  let added: [(tensor: String, like: String)]
  /// Modules, by the ends of their names, whose bias a loader leaves out in silence.
  let unread: [CheckpointLoader: [String]]
  /// Loaders that fail with it, or that read nothing of it.
  let unsupported: Set<CheckpointLoader>

  /// A key that gives some modules a bias.
  static func bias(
    _ key: String, _ modules: [String], unread: [CheckpointLoader: [String]] = [:],
    unsupportedBy loaders: Set<CheckpointLoader> = []
  ) -> CheckpointVariant {
    CheckpointVariant(
      key: key, value: .bool(true), added: modules.map { ("\($0).bias", "\($0).weight") }, unread: unread,
      unsupported: loaders)
  }

  /// Biases of queries, keys, values and of the output of attention.
  static func attentionBias(
    unread: [CheckpointLoader: [String]] = [:], unsupportedBy loaders: Set<CheckpointLoader> = []
  ) -> CheckpointVariant {
    bias(
      "attention_bias", ["q_proj", "k_proj", "v_proj", "o_proj"].map { "self_attn.\($0)" }, unread: unread,
      unsupportedBy: loaders)
  }

  /// Biases of the three layers of a gated MLP.
  static let mlpBias = bias("mlp_bias", ["gate_proj", "up_proj", "down_proj"].map { "mlp.\($0)" })

  /// A head of its own in place of the embedding's table.
  static func ownHead(
    embedding: String = "embed_tokens", unsupportedBy loaders: Set<CheckpointLoader> = []
  ) -> CheckpointVariant {
    CheckpointVariant(
      key: "tie_word_embeddings", value: .bool(false),
      added: [("lm_head.weight", "\(embedding).weight")], unread: [:], unsupported: loaders)
  }

  /// The type of a tensor that is there with this variant, where `own` knows the one that it is like.
  fileprivate func type(_ name: String, _ own: (String) -> TensorType?) -> TensorType? {
    for (tensor, like) in added where name == tensor || name.hasSuffix(".\(tensor)") {
      // A head stands beside the base model, whose tensors may have its name before theirs.
      let start = String(name.dropLast(tensor.count))
      let names =
        tensor == "lm_head.weight" ? ["model.\(like)", "transformer.\(like)", like] : [start + like]
      guard let name = names.first(where: { own($0) != nil }), var type = own(name) else { continue }
      if tensor.hasSuffix(".bias") { type.shape = Array(type.shape.prefix(1)) }
      return type
    }
    return nil
  }

  /// Whether a configuration has it.
  fileprivate func isOn(in configuration: JSON) -> Bool { configuration[key] == value }
}

/// Another family whose checkpoints compute the same, where the configuration asks for nothing that it has not.
struct CheckpointKin: Sendable {
  let architecture: String
  let modelType: String
  /// Keys of the own family that the other does not know.
  let dropped: [String]
}

/// A checkpoint as which a model can be written: its own, or one that holds more.
package struct CheckpointForm: Sendable {
  /// The `architectures` of its configuration.
  package let architecture: String
  /// Its `config.json`.
  package let configuration: JSON
  /// What is changed of the model's own configuration, as `attention_bias = true`.
  package let changes: [String]
  private let variants: [CheckpointVariant]
  private let chosen: [CheckpointVariant]

  fileprivate init(
    _ name: String, _ configuration: JSON, _ changes: [String], _ variants: [CheckpointVariant],
    _ chosen: [CheckpointVariant]
  ) {
    architecture = name
    var configuration = configuration
    for variant in chosen { configuration.set(variant.key, variant.value) }
    self.configuration = configuration
    self.changes = changes + chosen.map { "\($0.key) = \($0.value)" }
    self.variants = variants
    self.chosen = chosen
  }

  /// The type of a tensor that the form adds to those of the model's own checkpoint, which `own` knows; nil for others.
  package func addedType(_ name: String, _ own: (String) -> TensorType?) -> TensorType? {
    guard own(name) == nil else { return nil }
    for variant in chosen {
      if let type = variant.type(name, own) { return type }
    }
    return nil
  }

  /// Whether `loader` reads such checkpoints.
  package func isRead(by loader: CheckpointLoader) -> Bool {
    !variants.contains { $0.isOn(in: configuration) && $0.unsupported.contains(loader) }
  }

  /// Whether `loader` leaves out the bias of a module in silence.
  package func isUnread(biasOf module: String, by loader: CheckpointLoader) -> Bool {
    variants.contains { variant in
      variant.isOn(in: configuration)
        && (variant.unread[loader] ?? []).contains { module == $0 || module.hasSuffix(".\($0)") }
    }
  }
}

extension Architecture {
  /// The same architecture, whose checkpoints can hold more, or can be those of another family.
  func holding(_ variants: CheckpointVariant..., orAs kin: CheckpointKin? = nil) -> Architecture {
    var architecture = self
    architecture.variants = variants
    architecture.kin = kin
    return architecture
  }

  /// Every combination of variants that a configuration does not have yet, the fewest first.
  private func combinations(beside configuration: JSON) -> [[CheckpointVariant]] {
    let new = variants.filter { !$0.isOn(in: configuration) }
    let subsets = (0..<(1 << new.count)).map { mask in
      new.indices.filter { mask >> $0 & 1 == 1 }.map { new[$0] }
    }
    return subsets.enumerated().sorted { ($0.element.count, $0.offset) < ($1.element.count, $1.offset) }
      .map { $0.element }
  }

  /// The checkpoints as which a model of this architecture can be written, those that change the least first.
  func forms(_ name: String, of configuration: JSON, find: (String) -> Architecture?) -> [CheckpointForm] {
    let own = combinations(beside: configuration).map {
      CheckpointForm(name, configuration, [], variants, $0)
    }
    guard let kin, let other = find(kin.architecture) else { return own }
    var members = configuration
    members.set("architectures", .array([.string(kin.architecture)]))
    members.set("model_type", .string(kin.modelType))
    for key in kin.dropped { members.set(key, nil) }
    return own
      + other.combinations(beside: members).map {
        CheckpointForm(
          kin.architecture, members, ["architectures = \(kin.architecture)"], other.variants, $0)
      }
  }
}
