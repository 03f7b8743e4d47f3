import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ModelChecks
import Testing

/// What a configuration of T5 may say, and how the tensors may be named.
@Suite struct T5ConfigurationTests {
  private let checkpoint: Checkpoint
  private let configuration: JSON

  init() throws {
    checkpoint = try Checkpoint(fixture("tiny-t5"))
    configuration = try JSON(readingFile: fixture("tiny-t5/config.json"))
  }

  /// The graph of the configuration with the members of `changes` instead of its own.
  private func graph(
    _ changes: String = "{}", naming rename: (String) -> String = { $0 }, context: Int? = nil
  ) throws -> ModelGraph {
    let changes = try JSON(parsing: Array(changes.utf8))
    let kept = try #require(configuration.members).filter { changes[$0.key] == nil }
    let members = try kept + #require(changes.members)
    let names = Dictionary(uniqueKeysWithValues: checkpoint.names.map { (rename($0), $0) })
    return try ModelGraph(
      configuration: .object(members), path: "config.json", part: ModelPart(context: context),
      tensors: names.keys.sorted(),
      weightType: { names[$0].flatMap { checkpoint.tensor(named: $0) }.flatMap { TensorType($0.info) } })
  }

  private func mnemonics(_ graph: Graph) -> [String] { graph.order.map { graph[$0].op.mnemonic } }

  /// The function is computed from `feed_forward_proj`, unless it stands by itself.
  @Test(arguments: [("relu", "max"), ("silu", "silu"), ("gelu", "gelu"), ("gelu_new", "gelu_tanh")])
  func activations(name: String, mnemonic: String) throws {
    let first = try graph(#"{"feed_forward_proj": "\#(name)", "dense_act_fn": null}"#)
    #expect(mnemonics(first.graph).contains(mnemonic))
    let second = try graph(#"{"feed_forward_proj": "\#(name)", "dense_act_fn": "tanh"}"#)
    #expect(mnemonics(second.graph).contains("tanh"))
  }

  /// With gates there are other layers, which this checkpoint lacks.
  @Test(arguments: [
    #"{"feed_forward_proj": "gated-gelu", "is_gated_act": null}"#, #"{"is_gated_act": true}"#,
  ])
  func gates(changes: String) throws {
    let error = #expect(throws: FileError.self) { try graph(changes) }
    #expect(error?.place?.hasSuffix("DenseReluDense.wi_0.weight") == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    (#"{"feed_forward_proj": "gelu-gated"}"#, "feed_forward_proj", false),
    (#"{"feed_forward_proj": "gated-gelu-new"}"#, "feed_forward_proj", false),
    (#"{"feed_forward_proj": "softplus", "dense_act_fn": null}"#, "feed_forward_proj", true),
    (#"{"dense_act_fn": "softplus"}"#, "dense_act_fn", true),
    (#"{"relative_attention_num_buckets": 3}"#, "relative_attention_num_buckets", false),
    (#"{"relative_attention_num_buckets": 300000}"#, "relative_attention_max_distance", false),
    (#"{"relative_attention_max_distance": 2}"#, "relative_attention_max_distance", false),
    (#"{"relative_attention_max_distance": 65537}"#, "relative_attention_max_distance", false),
    (#"{"relative_attention_num_buckets": 12}"#, "relative_attention_bias.weight", false),
    (#"{"d_kv": 8}"#, "SelfAttention.q.weight", false), (#"{"pre_norm": true}"#, "pre_norm", true),
  ])
  func refuses(changes: String, place: String, isUnsupported: Bool) throws {
    let error = #expect(throws: FileError.self) { try graph(changes) }
    #expect(error?.place?.hasSuffix(place) == true, "\(String(describing: error))")
    #expect(error?.isUnsupported == isUnsupported, "\(String(describing: error))")
  }

  @Test func contextIsThatOfTheTraining() throws {
    #expect(try graph().contextLength == 512)
    #expect(try graph(#"{"n_positions": 70}"#).contextLength == 70)
    #expect(try graph(#"{"n_positions": 70}"#, context: 3000).contextLength == 3000)
  }

  /// The embedding may have either name; other tensors may not.
  @Test func tensorsHaveNames() throws {
    let own = "encoder.embed_tokens.weight"
    #expect(throws: Never.self) { try graph(naming: { $0 == "shared.weight" ? own : $0 }) }
    for name in ["embed.weight", "encoder.shared.weight"] {
      #expect(throws: FileError.self) { try graph(naming: { $0 == "shared.weight" ? name : $0 }) }
    }
  }
}
