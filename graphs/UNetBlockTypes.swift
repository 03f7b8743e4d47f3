import ActFormats

/// The kinds of the blocks of a UNet.
struct UNetKinds {
  var down, up: [UNetBlock.Kind]
  /// nil where there is no middle block.
  var middle: UNetMiddle.Kind?

  private static let downNames: KeyValuePairs<String, UNetBlock.Kind> = [
    "DownBlock2D": .plain, "CrossAttnDownBlock2D": .crossAttention,
    "AttnDownBlock2D": .attention, "ResnetDownsampleBlock2D": .resnet,
    "SimpleCrossAttnDownBlock2D": .jointAttention, "KDownBlock2D": .adaptive,
    "KCrossAttnDownBlock2D": .adaptiveAttention,
  ]
  private static let upNames: KeyValuePairs<String, UNetBlock.Kind> = [
    "UpBlock2D": .plain, "CrossAttnUpBlock2D": .crossAttention,
    "AttnUpBlock2D": .attention, "ResnetUpsampleBlock2D": .resnet,
    "SimpleCrossAttnUpBlock2D": .jointAttention, "KUpBlock2D": .adaptive,
    "KCrossAttnUpBlock2D": .adaptiveAttention,
  ]
  private static let middleNames: KeyValuePairs<String, UNetMiddle.Kind> = [
    "UNetMidBlock2D": .plain, "UNetMidBlock2DCrossAttn": .crossAttention,
    "UNetMidBlock2DSimpleCrossAttn": .jointAttention,
  ]

  init(_ c: Configuration, blocks: Int) throws {
    let cross = ["CrossAttnDownBlock2D", "CrossAttnUpBlock2D"]
    down = try Self.kinds(
      c, "down_block_types", blocks, Self.downNames,
      default: Array(repeating: cross[0], count: 3) + ["DownBlock2D"])
    up = try Self.kinds(
      c, "up_block_types", blocks, Self.upNames,
      default: ["UpBlock2D"] + Array(repeating: cross[1], count: 3))
    let key = "mid_block_type"
    guard !c.names(key) || c.has(key) else { return }
    middle = try Self.kind(
      c, key, c.string(key, default: "UNetMidBlock2DCrossAttn"), Self.middleNames)
  }

  private static func kinds(
    _ c: Configuration, _ key: String, _ count: Int, _ known: KeyValuePairs<String, UNetBlock.Kind>,
    default fallback: [String]
  ) throws -> [UNetBlock.Kind] {
    let names = try c.strings(key) ?? fallback
    guard names.count == count else {
      throw c.failure(key, "a type for each of the \(count) block_out_channels")
    }
    // Old configurations put this before the names.
    let prefix = "UNetRes"
    return try names.map { name in
      try kind(c, key, name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name, known)
    }
  }

  private static func kind<Kind>(
    _ c: Configuration, _ key: String, _ name: String, _ known: KeyValuePairs<String, Kind>
  ) throws -> Kind {
    guard let kind = known.first(where: { $0.key == name })?.value else {
      throw FileError.unsupported(
        c.path, key, "blocks of type `\(name)` are not supported",
        next: "known: \(known.map { $0.key }.joined(separator: ", "))")
    }
    return kind
  }
}

/// How many blocks the transformers have.
struct UNetDepths {
  /// Of the layers of a block.
  private enum Depth {
    case same(Int)
    case each([Int])
  }

  private let onWayDown: [Depth]
  private let onWayUp: [Depth]?
  private let configuration: Configuration
  private static let key = "transformer_layers_per_block"

  init(_ c: Configuration, blocks: Int) throws {
    configuration = c
    onWayDown = try Self.read(c, Self.key, blocks) ?? Array(repeating: .same(1), count: blocks)
    onWayUp = try Self.read(c, "reverse_\(Self.key)", blocks)
  }

  private static func read(_ c: Configuration, _ key: String, _ blocks: Int) throws -> [Depth]? {
    guard let value = c.value(key) else { return nil }
    let failure = c.failure(key, "a number, or a list of \(blocks) numbers or lists")
    func count(_ json: JSON) throws -> Int {
      guard let count = json.int, (0...SaneRange.size.upperBound).contains(count) else { throw failure }
      return count
    }
    guard let list = value.array else { return Array(repeating: .same(try count(value)), count: blocks) }
    guard list.count == blocks else { throw failure }
    return try list.map { element in
      guard let parts = element.array else { return .same(try count(element)) }
      guard !parts.isEmpty else { throw failure }
      return .each(try parts.map(count))
    }
  }

  private func depths(_ depth: Depth, _ key: String, layers: Int, _ kind: UNetBlock.Kind) throws -> [Int] {
    guard kind == .crossAttention else { return [] }
    switch depth {
    case .same(let count): return Array(repeating: count, count: layers)
    case .each(let counts):
      guard counts.count >= layers else {
        throw configuration.failure(key, "a number for each of the \(layers) layers of a block")
      }
      return counts
    }
  }

  func down(_ block: Int, layers: Int, _ kind: UNetBlock.Kind) throws -> [Int] {
    try depths(onWayDown[block], Self.key, layers: layers, kind)
  }

  func up(_ block: Int, layers: Int, _ kind: UNetBlock.Kind) throws -> [Int] {
    if let onWayUp { return try depths(onWayUp[block], "reverse_\(Self.key)", layers: layers, kind) }
    let depth = onWayDown[onWayDown.count - 1 - block]
    if case .each = depth, kind == .crossAttention {
      throw configuration.failure(
        "reverse_\(Self.key)", "a list, as \(Self.key) has a number for each layer of a block")
    }
    return try depths(depth, Self.key, layers: layers, kind)
  }

  /// Those of the middle block.
  var middle: Int {
    switch onWayDown[onWayDown.count - 1] {
    case .same(let count): count
    case .each(let counts): counts[0]
    }
  }
}
