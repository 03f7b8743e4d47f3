import ActFormats

/// What adapters may call the modules of a network: as the network does, as the model that it was converted from does, and
/// as older versions of diffusers did; with dots, or with underscores in their place as kohya's scripts have them.
struct ModuleNames {
  /// A module, and which rows of an adapter's matrix are its own.
  struct Part {
    var module: String
    /// In the order of the module's rows; nil: all.
    var rows: [Range<Int>]?
  }

  private static let ending = ".weight"

  private let checkpoint: Checkpoint
  /// What a name stands for: one module, or several whose matrices are one in the model that the adapter is for.
  private var parts: [String: [Part]] = [:]

  init(of checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    let ending = Self.ending
    let modules = Set(
      checkpoint.names.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) })
    for row in OriginalTransformerNames.flux + OriginalTransformerNames.zImage {
      let numbers = row.modules[0].contains("*") ? Self.numbers(of: row.modules[0], in: modules) : [""]
      for number in numbers {
        let own = row.modules.map { $0.replacing("*", with: number) }
        guard own.allSatisfy(modules.contains) else { continue }
        add(
          row.original.replacing("*", with: number),
          Self.parts(own.map { ($0, checkpoint.info(of: "\($0)\(ending)")?.shape.first ?? 0) }, row.isSwapped)
        )
      }
    }
    let originals = OriginalUNetNames(modules)
    for module in modules {
      let whole = [Part(module: module, rows: nil)]
      if let other = originals.name(of: module) { add(other, whole) }
      if let other = Self.olderName(of: module) { add(other, whole) }
    }
    // The network's own names go before all others.
    for module in modules { add(module, [Part(module: module, rows: nil)]) }
  }

  /// What a name stands for; nil where the network has no such module.
  func parts(of name: String) -> [Part]? {
    let key = Self.key(name)
    // A tower of text may have a prefix, or not.
    let tower = "text_model_"
    let other = key.hasPrefix(tower) ? String(key.dropFirst(tower.count)) : tower + key
    return parts[key] ?? parts[other]
      ?? checkpoint.weight(of: name).map {
        [Part(module: String($0.dropLast(Self.ending.count)), rows: nil)]
      }
  }

  private mutating func add(_ name: String, _ parts: [Part]) { self.parts[Self.key(name)] = parts }

  private static func key(_ name: String) -> String { name.replacing(".", with: "_") }

  /// The rows of modules of so many each, one after the other; of each the second half first where they are swapped.
  private static func parts(_ modules: [(name: String, count: Int)], _ isSwapped: Bool) -> [Part] {
    var start = 0
    return modules.map { module in
      defer { start += module.count }
      let (middle, end) = (start + module.count / 2, start + module.count)
      return Part(module: module.name, rows: isSwapped ? [middle..<end, start..<middle] : [start..<end])
    }
  }

  /// What `*` stands for in the names of modules that are as `pattern`.
  private static func numbers(of pattern: String, in modules: Set<String>) -> [String] {
    let sides = pattern.split(separator: "*", maxSplits: 1)
    return modules.compactMap { module in
      guard module.hasPrefix(sides[0]), module.hasSuffix(sides[1]) else { return nil }
      let number = module.dropFirst(sides[0].count).dropLast(sides[1].count)
      return number.isEmpty || !number.allSatisfy(\.isNumber) ? nil : String(number)
    }
  }

  /// The name of a projection of attention in older versions of diffusers: that of a UNet's processor, whose output
  /// layer is the first of several, or of a text encoder, by the names that a UNet has.
  private static func olderName(of module: String) -> String? {
    var parts = module.split(separator: ".").map(String.init)
    let isOutput = parts.suffix(2) == ["to_out", "0"]
    if isOutput { parts.removeLast() }
    guard let last = parts.popLast(), let block = parts.last else { return nil }
    if block == "self_attn", let other = textProjections[last] {
      return (parts + [other]).joined(separator: ".")
    }
    guard isOutput || ["to_q", "to_k", "to_v"].contains(last) else { return nil }
    return (parts + ["processor", last]).joined(separator: ".")
  }

  private static let textProjections = [
    "q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out",
  ]
}
