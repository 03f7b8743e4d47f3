import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ModelChecks
import Testing

/// The spellings of one model's configuration that files of different ages have.
@Suite struct ConfigurationTests {
  private let checkpoint: Checkpoint
  private let members: [JSON.Member]

  init() throws {
    checkpoint = try Checkpoint(fixture("tiny-plain"))
    let path = fixture("tiny-plain/config.json")
    members = try #require(try JSON(readingFile: path).members).filter { !$0.key.hasPrefix("rope_") }
  }

  private func rope(_ extra: [JSON.Member]) throws -> RotaryEmbedding? {
    let model = try ModelGraph(
      configuration: .object(members + extra), path: "config.json", tensors: checkpoint.names,
      weightType: { checkpoint.info(of: $0).flatMap { TensorType($0) } })
    for id in model.graph.order {
      if case .ropeTable(let rope) = model.graph[id].op { return rope }
    }
    return nil
  }

  @Test func theBaseStandsInEitherPlace() throws {
    let theta = JSON.Member("rope_theta", .int(5000))
    let parameters = JSON.object(["rope_type": .string("default"), "rope_theta": .int(7000)])
    #expect(try rope([])?.base == 10_000)
    #expect(try rope([theta])?.base == 5000)
    #expect(try rope([JSON.Member("rope_parameters", parameters)])?.base == 7000)
    #expect(try rope([theta, JSON.Member("rope_parameters", parameters)])?.base == 7000)
    let bare = JSON.object(["rope_type": .string("default")])
    #expect(try rope([theta, JSON.Member("rope_parameters", bare)])?.base == 5000)
  }

  @Test func scalingStandsInEitherPlace() throws {
    let scaling = JSON.object(["rope_type": .string("linear"), "factor": .int(2)])
    for key in ["rope_scaling", "rope_parameters"] {
      #expect(try rope([JSON.Member(key, scaling)])?.scaling == .linear(factor: 2))
    }
    let unknown = JSON.object(["rope_type": .string("ntk"), "factor": .int(2)])
    let error = #expect(throws: FileError.self) { try rope([JSON.Member("rope_scaling", unknown)]) }
    #expect(error?.isUnsupported == true)
  }

  /// That the key of a window is there does not say that it is used, and not in which layers.
  @Test(arguments: [
    (#"{"use_sliding_window":false,"sliding_window":64,"max_window_layers":0,"layer_types":null}"#, [0, 0]),
    (#"{"use_sliding_window":true,"sliding_window":64,"max_window_layers":1,"layer_types":null}"#, [0, 64]),
    (#"{"use_sliding_window":true,"sliding_window":64,"max_window_layers":0,"layer_types":null}"#, [64, 64]),
    (#"{"use_sliding_window":true,"sliding_window":null,"layer_types":null}"#, [0, 0]),
    (#"{"use_sliding_window":true,"layer_types":null}"#, [0, 0]),
    (
      #"{"use_sliding_window":true,"sliding_window":9,"layer_types":["sliding_attention","full_attention"]}"#,
      [9, 0]
    ),
  ])
  func qwen2UsesWindows(keys: String, windows: [Int]) throws {
    let graph = try build("tiny-qwen2", keys).graph
    let found = graph.order.compactMap { id in
      if case .attention(let attention) = graph[id].op { attention.window } else { nil }
    }
    #expect(found == windows)
  }

  /// Windows of mixtures of experts: by the key of the family, in other layers than those of the family without experts.
  @Test(arguments: [
    ("tiny-mixtral", #"{"sliding_window":null}"#, [0, 0]),
    ("tiny-mixtral", #"{"sliding_window":7}"#, [7, 7]),
    ("tiny-qwen2-moe", #"{"use_sliding_window":false}"#, [0, 0, 0]),
    ("tiny-qwen2-moe", #"{"max_window_layers":3}"#, [6, 0, 6]),
    ("tiny-qwen2-moe", #"{"max_window_layers":0}"#, [0, 0, 0]),
    ("tiny-qwen3-moe-windows", #"{"use_sliding_window":false}"#, [0, 0]),
    ("tiny-qwen3-moe-windows", #"{"sliding_window":null}"#, [0, 0]),
    ("tiny-qwen3-moe-windows", #"{"max_window_layers":1}"#, [7, 7]),
  ])
  func mixturesUseWindows(checkpoint: String, keys: String, windows: [Int]) throws {
    let graph = try build(checkpoint, keys).graph
    let found = graph.order.compactMap { id in
      if case .attention(let attention) = graph[id].op { attention.window } else { nil }
    }
    #expect(found == windows)
  }

  @Test(arguments: [
    ("tiny-mixtral", #"{"num_experts_per_tok":6}"#, "num_experts_per_tok"),
    ("tiny-mixtral", #"{"num_experts":4}"#, "num_experts"),
    ("tiny-mixtral", #"{"num_local_experts":4}"#, "model.layers.0.block_sparse_moe.gate.weight"),
    ("tiny-mixtral", #"{"num_local_experts":"five"}"#, "num_local_experts"),
    ("tiny-mixtral-stacked", #"{"intermediate_size":36}"#, "model.layers.0.mlp.experts.gate_up_proj"),
    ("tiny-qwen2-moe", #"{"mlp_only_layers":[-1]}"#, "mlp_only_layers"),
    ("tiny-qwen2-moe", #"{"decoder_sparse_step":0}"#, "decoder_sparse_step"),
    ("tiny-qwen2-moe", #"{"mlp_only_layers":[]}"#, "model.layers.1.mlp.gate.weight"),
    ("tiny-qwen2-moe", #"{"num_experts":0}"#, "model.layers.0.mlp.gate_proj.weight"),
    ("tiny-qwen3-moe", #"{"num_local_experts":8}"#, "num_local_experts"),
    ("tiny-qwen3-moe", #"{"moe_intermediate_size":16}"#, "model.layers.0.mlp.experts.0.gate_proj.weight"),
    ("tiny-qwen3-moe", #"{"shared_expert_intermediate_size":16}"#, "shared_expert_intermediate_size"),
  ])
  func mixturesThatDoNotFit(checkpoint: String, keys: String, place: String) throws {
    let error = #expect(throws: FileError.self) { try build(checkpoint, keys) }
    #expect(error?.place == place)
  }

  @Test(arguments: [
    (#"{"layer_types":["sliding_attention","full_attention"]}"#, "sliding_window", false),
    (#"{"layer_types":["full_attention"]}"#, "layer_types", false),
    (#"{"layer_types":["linear_attention","full_attention"]}"#, "layer_types", true),
    (#"{"logit_scale":0.5}"#, "logit_scale", true),
    (#"{"quantization_config":{"bits":4}}"#, "quantization_config", true),
    (#"{"rope_scaling":{"rope_type":"linear","factor":2,"beta_fast":3}}"#, "beta_fast", true),
    (#"{"partial_rotary_factor":0.5}"#, "partial_rotary_factor", true),
  ])
  func whatChangesTheModelIsRead(keys: String, place: String, isUnsupported: Bool) throws {
    let error = #expect(throws: FileError.self) { try build("tiny-qwen2", keys) }
    #expect(error?.place == place && error?.isUnsupported == isUnsupported)
  }

  /// What asks for nothing is no reason to refuse a model, nor is what concerns files, training and generation.
  @Test(arguments: [
    #"{"logit_scale":null,"use_qk_norm":false,"pruned_heads":{},"extra":[]}"#,
    #"{"torch_dtype":"float16","attention_dropout":0.1,"eos_token_id":[2,5],"temperature":0.7}"#,
    #"{"sliding_window":null,"pretraining_tp":2,"auto_map":{"AutoModel":"x.Y"}}"#,
  ])
  func harmlessKeys(keys: String) throws { _ = try build("tiny-qwen2", keys) }

  @Test func tensorsThatNobodyReads() throws {
    for (name, isBuffer) in [
      ("model.layers.0.self_attn.q_norm.weight", false), ("model.layers.2.input_layernorm.weight", false),
      ("model.layers.0.self_attn.rotary_emb.inv_freq", true),
    ] {
      if isBuffer {
        _ = try build("tiny-qwen2", "{}", with: name)
      } else {
        let error = #expect(throws: FileError.self) { try build("tiny-qwen2", "{}", with: name) }
        #expect(error?.place == name)
      }
    }
  }

  /// Where head and embedding are tied, the checkpoint may hold both, or either.
  @Test func tiedHeads() throws {
    func weights(_ graph: Graph) -> Set<String> {
      Set(graph.order.compactMap { if case .weight(let name) = graph[$0].op { name } else { nil } })
    }
    let (head, table) = ("lm_head.weight", "model.embed_tokens.weight")
    let tied = #"{"tie_word_embeddings":true}"#
    #expect(weights(try build("tiny-qwen2", tied).graph).isSuperset(of: [head, table]))
    #expect(!weights(try build("tiny-qwen2", tied, without: head).graph).contains(head))
    #expect(!weights(try build("tiny-qwen2", tied, without: table).graph).contains(table))
    for name in [head, table] {
      let error = #expect(throws: FileError.self) { try build("tiny-qwen2", "{}", without: name) }
      #expect(error?.place == name)
    }
  }

  /// The context that is asked for decides which frequencies a model has, and how far they serve.
  @Test(arguments: [
    ("tiny-phi3-longrope", Int?.none, 24, 0), ("tiny-phi3-longrope", 24, 24, 0),
    ("tiny-phi3-longrope", 25, 64, 1), ("tiny-phi3-longrope", 64, 64, 1), ("tiny-llama-dynamic", nil, 24, 0),
    ("tiny-llama-dynamic", 24, 24, 0), ("tiny-llama-dynamic", 30, 30, 1), ("tiny-llama-dynamic", 100, 72, 2),
  ])
  func contexts(checkpoint: String, wanted: Int?, served: Int, kind: Int) throws {
    let model = try build(checkpoint, "{}", context: wanted)
    #expect(model.contextLength == served)
    let rope = try #require(Self.rope(model.graph))
    switch rope.scaling {
    case .perPair(let factors): #expect(factors.last == (kind == 0 ? 1.7 : 8))
    default: #expect((rope.base > 10_000) == (kind > 0))
    }
  }

  private static func rope(_ graph: Graph) -> RotaryEmbedding? {
    for id in graph.order {
      if case .ropeTable(let rope) = graph[id].op { return rope }
    }
    return nil
  }

  /// The graph of a fixture with other values for some keys, and with another tensor or without one.
  private func build(
    _ checkpoint: String, _ keys: String, with other: String? = nil, without missing: String? = nil,
    context: Int? = nil
  ) throws -> ModelGraph {
    let tensors = try Checkpoint(fixture(checkpoint))
    let changed = try #require(try JSON(parsing: keys).members)
    let members = try #require(try JSON(readingFile: fixture("\(checkpoint)/config.json")).members)
    let kept = members.filter { member in !changed.contains { $0.key == member.key } }
    return try ModelGraph(
      configuration: .object(kept + changed), path: "config.json", part: ModelPart(context: context),
      tensors: tensors.names.filter { $0 != missing } + (other.map { [$0] } ?? []),
      weightType: { name in
        name == missing ? nil : tensors.info(of: name).flatMap { TensorType($0) }
      })
  }
}
