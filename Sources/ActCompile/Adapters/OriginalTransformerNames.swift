/// The names that the modules of transformers of diffusers have in the models that they were converted from.
///
/// A row of a table is one matrix of the original and the modules of ours whose matrices, one after the other, it is;
/// `*` stands for the number of a block.
enum OriginalTransformerNames {
  struct Row {
    var original: String
    var modules: [String]
    /// Whether the original has the second half of the rows first: a shift before a scale.
    var isSwapped = false
  }

  /// FLUX.1 of Black Forest Labs, and the layers that XLabs trains beside its attention.
  static let flux: [Row] =
    [
      Row(original: "img_in", modules: ["x_embedder"]),
      Row(original: "txt_in", modules: ["context_embedder"]),
      Row(original: "time_in.in_layer", modules: ["time_text_embed.timestep_embedder.linear_1"]),
      Row(original: "time_in.out_layer", modules: ["time_text_embed.timestep_embedder.linear_2"]),
      Row(original: "guidance_in.in_layer", modules: ["time_text_embed.guidance_embedder.linear_1"]),
      Row(original: "guidance_in.out_layer", modules: ["time_text_embed.guidance_embedder.linear_2"]),
      Row(original: "vector_in.in_layer", modules: ["time_text_embed.text_embedder.linear_1"]),
      Row(original: "vector_in.out_layer", modules: ["time_text_embed.text_embedder.linear_2"]),
      Row(original: "final_layer.adaLN_modulation.1", modules: ["norm_out.linear"], isSwapped: true),
      Row(original: "final_layer.linear", modules: ["proj_out"]),
    ]
    + rows(
      "double_blocks.*.", "transformer_blocks.*.",
      [
        ("img_mod.lin", ["norm1.linear"]), ("txt_mod.lin", ["norm1_context.linear"]),
        ("img_attn.qkv", heads("attn.to_")), ("txt_attn.qkv", addedHeads),
        ("img_attn.proj", ["attn.to_out.0"]), ("txt_attn.proj", ["attn.to_add_out"]),
        ("img_mlp.0", ["ff.net.0.proj"]), ("img_mlp.2", ["ff.net.2"]),
        ("txt_mlp.0", ["ff_context.net.0.proj"]), ("txt_mlp.2", ["ff_context.net.2"]),
        ("processor.qkv_lora1", heads("attn.to_")), ("processor.qkv_lora2", addedHeads),
        ("processor.proj_lora1", ["attn.to_out.0"]), ("processor.proj_lora2", ["attn.to_add_out"]),
      ])
    + rows(
      "single_blocks.*.", "single_transformer_blocks.*.",
      [
        ("modulation.lin", ["norm.linear"]), ("linear1", heads("attn.to_") + ["proj_mlp"]),
        ("linear2", ["proj_out"]), ("processor.qkv", heads("attn.to_")), ("processor.proj", ["proj_out"]),
      ])

  /// Z-Image of Tongyi.
  static let zImage: [Row] = ["layers.*.", "noise_refiner.*.", "context_refiner.*."].flatMap {
    rows($0, $0, [("attention.qkv", heads("attention.to_")), ("attention.out", ["attention.to_out.0"])])
  }

  private static let addedHeads = ["q", "k", "v"].map { "attn.add_\($0)_proj" }

  private static func heads(_ prefix: String) -> [String] { ["q", "k", "v"].map { prefix + $0 } }

  private static func rows(
    _ original: String, _ prefix: String, _ parts: [(original: String, modules: [String])]
  ) -> [Row] {
    parts.map { Row(original: original + $0.original, modules: $0.modules.map { prefix + $0 }) }
  }
}
