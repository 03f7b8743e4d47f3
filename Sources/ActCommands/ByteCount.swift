import ArgumentParser

/// A number of bytes as an argument: `8GiB`, `512MiB`, `2GB`, or plain bytes.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  private static let units = [
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("KB", 1_000), ("MB", 1_000_000),
    ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("", 1),
  ]

  init?(argument: String) {
    guard let (suffix, unit) = Self.units.first(where: { argument.hasSuffix($0.0) }),
      let number = Double(argument.dropLast(suffix.count)), number.isFinite, number > 0,
      number * Double(unit) < 0x1p60
    else { return nil }
    bytes = Int(number * Double(unit))
  }
}
