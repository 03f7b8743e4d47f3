/// A site's name taken apart: `model.layers.7.input_layernorm` is a `model.layers.*.input_layernorm` of layer 7.
public struct SiteName: Hashable, Sendable {
  /// The name with `*` for the first part that is a number.
  public let kind: String
  /// That number; nil where there is none.
  public let layer: Int?

  public init(_ name: String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let index = parts.firstIndex(where: { Int($0) != nil }) else {
      (kind, layer) = (name, nil)
      return
    }
    layer = Int(parts[index])
    parts[index] = "*"
    kind = parts.joined(separator: ".")
  }
}

/// Sites of one kind in layers that follow one another.
public struct SiteGroup: Hashable, Sendable {
  public let kind: String
  /// nil for a kind that is in no layer.
  public let layers: ClosedRange<Int>?
  /// In order of execution.
  public let sites: [String]

  /// Groups sites by kind, and each kind into at most `parts` runs of about as many layers.
  public static func groups(of sites: [String], parts: Int) -> [SiteGroup] {
    var kinds: [(name: String, sites: [(layer: Int?, name: String)])] = []
    for site in sites {
      let name = SiteName(site)
      if let index = kinds.firstIndex(where: { $0.name == name.kind }) {
        kinds[index].sites.append((name.layer, site))
      } else {
        kinds.append((name.kind, [(name.layer, site)]))
      }
    }
    return kinds.flatMap { kind in
      let count = min(parts, kind.sites.count)
      return (0..<count).map { part in
        let sites = kind.sites[part * kind.sites.count / count..<(part + 1) * kind.sites.count / count]
        let layers = sites.compactMap(\.layer)
        return SiteGroup(
          kind: kind.name, layers: layers.min().map { $0...layers.max()! }, sites: sites.map(\.name))
      }
    }
  }

  /// The groups of one kind as one.
  public static func union(_ groups: [SiteGroup]) -> SiteGroup {
    let layers = groups.compactMap(\.layers)
    return SiteGroup(
      kind: groups[0].kind,
      layers: layers.map(\.lowerBound).min().map { $0...layers.map(\.upperBound).max()! },
      sites: groups.flatMap(\.sites))
  }

  /// A pattern for `--sites` that matches these sites.
  public var pattern: String {
    guard let layers, kind.contains("*") else { return kind }
    let escaped = kind.replacing(".", with: "\\.")
    let numbers = layers.map(String.init).joined(separator: "|")
    return "re:" + escaped.replacing("*", with: "(\(numbers))")
  }
}
