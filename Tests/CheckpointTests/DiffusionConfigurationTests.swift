import ActFormats
import ActGraphs
import ActIR
import ActPlan
import ActRuntime
import ModelChecks
import Testing

/// Configurations of transformers that denoise images: old ones, and those that cannot be built.
@Suite struct DiffusionConfigurationTests {
  /// As the hub has them: `facebook/DiT-XL-2-256`, `PixArt-alpha/PixArt-XL-2-1024-MS`.
  @Test(arguments: [("tiny-dit", "ada_norm_zero"), ("tiny-pixart", "ada_norm_single")])
  func oldClassNames(checkpoint: String, norm: String) throws {
    let size = ImageSize(width: 12, height: 12)
    let old = [
      "_class_name": #""Transformer2DModel""#, "norm_type": "\"\(norm)\"", "double_self_attention": "false",
      "num_vector_embeds": "null", "only_cross_attention": "false", "use_linear_projection": "false",
      "attention_type": #""default""#, "dropout": "0.0",
    ]
    #expect(
      try changedGraph(checkpoint, size, changing: old).graph.description
        == changedGraph(checkpoint, size).graph.description)
    var other = old
    other["norm_type"] = #""layer_norm""#
    let error = #expect(throws: FileError.self) { try changedGraph(checkpoint, size, changing: other) }
    #expect(error?.isUnsupported == true && error?.place == "_class_name", "\(String(describing: error))")
  }

  private static let size = ImageSize(width: 10, height: 6)

  @Test(arguments: [
    ("siglip_feat_dim", "8", "siglip_feat_dim", true), ("all_f_patch_size", "[2]", "all_f_patch_size", true),
    ("all_f_patch_size", "[1, 1]", "all_f_patch_size", false), ("n_heads", "7", "n_heads", false),
    ("axes_dims", "[2, 4, 4]", "axes_dims", false), ("axes_dims", "[3, 3, 6]", "axes_dims", false),
    ("axes_lens", "[33, 9, 9]", "axes_lens", false), ("axes_lens", "[80, 9]", "axes_lens", false),
    ("dim", "48", "t_embedder.mlp.2.weight", false), ("some_key", "3", "some_key", true),
  ])
  func whatIsWrongIsNamed(key: String, value: String, place: String, isUnsupported: Bool) throws {
    let changes = key == "dim" ? [key: value, "axes_dims": "[8, 8, 8]"] : [key: value]
    let error = #expect(throws: FileError.self) {
      try changedGraph("tiny-z-image", Self.size, changing: changes)
    }
    #expect(
      error?.isUnsupported == isUnsupported && error?.place == place, "\(String(describing: error))")
  }

  private static let wrongSizes: [(size: ImageSize?, problem: String)] = [
    (nil, "--size"), (ImageSize(width: 11, height: 6), "whole patches"),
    (ImageSize(width: 20, height: 4), "9 columns"), (ImageSize(width: 4, height: 20), "9 lines"),
  ]

  @Test(arguments: wrongSizes)
  func sizesThatDoNotFit(size: ImageSize?, problem: String) throws {
    let error = #expect(throws: ModelPartError.self) { try changedGraph("tiny-z-image", size) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  private static let wantedContexts: [(wanted: Int?, context: Int)] = [
    (nil, 64), (1, 32), (33, 64), (70, 64),
  ]

  /// The context is whole multiples of 32 rows, of which the axis of the text has places.
  @Test(arguments: wantedContexts)
  func contexts(wanted: Int?, context: Int) throws {
    #expect(try changedGraph("tiny-z-image", Self.size, context: wanted).contextLength == context)
  }

  /// Texts are filled up with what their last rows are given.
  @Test func textsAreFilledUp() throws {
    let declared = try changedGraph("tiny-z-image-2", ImageSize(width: 3, height: 3)).graph.declaredInputs
    let filling = try #require(declared.first { $0.role == .filling })
    let length = try #require(declared.first { $0.role == .textLength })
    func given(_ states: EntryInputs.Tensor, _ sequences: [Int]?, entries: Int) throws -> EntryInputs {
      var inputs = EntryInputs(
        path: "in",
        [
          "encoder_hidden_states": states,
          "hidden_states": .init([Float](repeating: 0, count: entries * 27), shape: [entries, 3, 3, 3]),
          "timestep": .init([Float](repeating: 0, count: entries), shape: [entries]),
        ])
      inputs.tensors[EntryInputs.sequences] = sequences.map { .init($0) }
      return try inputs.filled(for: declared)
    }
    let counts = [2, 33, 32]
    let rows = (0..<67).flatMap { row in (0..<7).map { Float(10 * row + $0) } }
    let ragged = try given(
      .init(rows, shape: [67, 7]), counts.enumerated().flatMap { Array(repeating: $0, count: $1) }, entries: 3
    )
    #expect(ragged.tensors[length.name]?.floats == [32, 64, 32])
    #expect(ragged.tensors[EntryInputs.sequences]?.shape == [128])
    let marks = try #require(ragged.tensors[filling.name]?.floats)
    #expect(
      marks == [2, 30, 33, 31, 32].enumerated().flatMap { [Float](repeating: Float($0 % 2), count: $1) })
    let states = try #require(ragged.tensors["encoder_hidden_states"])
    #expect(states.shape == [128, 7])
    #expect((0..<128).map { states.floats[7 * $0] }.prefix(34).suffix(4) == [10, 10, 20, 30])
    #expect(states.floats[7 * 95] == 340 && states.floats[7 * 96] == 350)

    let alike = try given(.init(Array(rows.prefix(42)), shape: [2, 3, 7]), nil, entries: 2)
    #expect(alike.tensors["encoder_hidden_states"]?.shape == [2, 32, 7])
    #expect(alike.tensors[filling.name]?.shape == [2, 32, 1])
    #expect(alike.tensors[EntryInputs.sequences] == nil)
    let again = try alike.filled(for: declared)
    #expect(again.tensors["encoder_hidden_states"]?.shape == [2, 32, 7])
  }
}

extension EntryInputs.Tensor {
  fileprivate var floats: [Float] {
    guard case .floats(let floats) = elements else { return [] }
    return floats.withElements { Array($0) }
  }
}
