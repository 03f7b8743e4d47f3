/// The names that the modules of a UNet of diffusers have in the model that it was converted from (`ldm` and `sgm` of
/// Stability AI), which adapters of kohya's scripts for SDXL are named by.
struct OriginalUNetNames {
  /// Of modules outside the blocks.
  private static let others = [
    "conv_in": "input_blocks.0.0", "conv_out": "out.2", "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
  ]

  /// Resnets of a block on the way down.
  private let resnetCount: Int
  /// How the names of attention in blocks on the way up begin.
  private let attention: Set<String>

  /// Reads how deep the blocks are from the names of modules.
  init(_ modules: some Collection<String>) {
    let prefix = "down_blocks.0.resnets."
    resnetCount =
      (modules.compactMap { module -> Int? in
        guard module.hasPrefix(prefix) else { return nil }
        return module.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) }
      }.max() ?? 0) + 1
    attention = Set(
      modules.filter { $0.hasPrefix("up_blocks.") }.map { $0.split(separator: ".").prefix(3) }
        .filter { $0.last == "attentions" }.map { $0.joined(separator: ".") })
  }

  /// The other name of a module; nil for one that has none.
  func name(of module: String) -> String? {
    if let other = Self.others[module] { return other }
    let parts = module.split(separator: ".").map(String.init)
    func rest(_ count: Int) -> String { parts.dropFirst(count).map { ".\($0)" }.joined() }
    guard parts.count > 2, let number = Int(parts[1]) ?? (parts[0] == "mid_block" ? 0 : nil) else {
      return nil
    }
    // A block begins after the first convolution, and ends with its sampler.
    func place(_ layer: Int) -> String {
      parts[0] == "down_blocks"
        ? "input_blocks.\(1 + number * (resnetCount + 1) + layer)"
        : "output_blocks.\(number * (resnetCount + 1) + layer)"
    }
    switch (parts[0], parts.count > 3 ? parts[2] : "") {
    case ("mid_block", _):
      guard let layer = Int(parts[2]) else { return nil }
      if parts[1] == "attentions" { return "middle_block.\(2 * layer + 1)\(rest(3))" }
      return Self.resnetParts[parts[3...].joined(separator: ".")].map { "middle_block.\(2 * layer).\($0)" }
    case ("down_blocks", "resnets"), ("up_blocks", "resnets"):
      guard let layer = Int(parts[3]) else { return nil }
      return Self.resnetParts[parts[4...].joined(separator: ".")].map { "\(place(layer)).0.\($0)" }
    case ("down_blocks", "attentions"), ("up_blocks", "attentions"):
      return Int(parts[3]).map { "\(place($0)).1\(rest(4))" }
    case ("down_blocks", "downsamplers"): return "\(place(resnetCount)).0.op"
    case ("up_blocks", "upsamplers"):
      // Behind a resnet, and attention where there is some.
      return "\(place(resnetCount)).\(attention.contains("up_blocks.\(number).attentions") ? 2 : 1).conv"
    default: return nil
    }
  }

  private static let resnetParts = [
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
  ]
}
