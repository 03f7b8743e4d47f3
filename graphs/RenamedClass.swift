import ActFormats

/// Classes of diffusers that have been divided since: published configurations still have the old name.
enum RenamedClass {
  /// Today's names by the old one and the `norm_type`.
  private static let names = [
    "Transformer2DModel": [
      "ada_norm_single": "PixArtTransformer2DModel", "ada_norm_zero": "DiTTransformer2DModel",
    ]
  ]

  /// Today's name of a configuration's class, as diffusers finds it too; the name itself where it has not changed.
  static func current(_ name: String, of configuration: JSON) -> String {
    guard let kinds = names[name], let norm = configuration["norm_type"]?.string else { return name }
    return kinds[norm] ?? name
  }
}
