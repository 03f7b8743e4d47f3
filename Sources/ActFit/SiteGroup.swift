/// A site's name taken apart: `model.layers.7.input_layernorm` is a `model.layers.*.input_layernorm` of layer 7.
package struct SiteName: Hashable, Sendable {
  /// The name with `*` for the first part that is a number.
  package let kind: String
  /// That number; nil where there is none.
  package let layer: Int?

  package init(_ name: String) {
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

/// Sites of one kind, in some layers.
package struct SiteGroup: Hashable, Sendable {
  package let kind: String
  /// In order of execution.
  package let sites: [String]

  /// The first layer to the last; nil for a kind that is in no layer.
  package var layers: ClosedRange<Int>? {
    let layers = sites.compactMap { SiteName($0).layer }
    return layers.min().map { $0...layers.max()! }
  }

  /// Groups sites by kind, and each kind into at most `parts` runs of about as many layers.
  package static func groups(of sites: [String], parts: Int) -> [SiteGroup] {
    var kinds: [String] = []
    var sitesOfKind: [String: [String]] = [:]
    for site in sites {
      let kind = SiteName(site).kind
      if sitesOfKind[kind] == nil { kinds.append(kind) }
      sitesOfKind[kind, default: []].append(site)
    }
    return kinds.flatMap { kind in
      let sites = sitesOfKind[kind]!
      let count = min(parts, sites.count)
      return (0..<count).map { part in
        SiteGroup(
          kind: kind, sites: Array(sites[part * sites.count / count..<(part + 1) * sites.count / count]))
      }
    }
  }

  /// The groups of one kind as one.
  package static func union(_ groups: [SiteGroup]) -> SiteGroup {
    SiteGroup(kind: groups[0].kind, sites: groups.flatMap(\.sites))
  }

  /// A pattern for `--sites` that matches these sites.
  package var pattern: String {
    let layers = sites.compactMap { SiteName($0).layer }
    guard !layers.isEmpty else { return kind }
    let numbers = layers.map(String.init).joined(separator: "|")
    return "re:" + kind.replacing(".", with: "\\.").replacing("*", with: "(\(numbers))")
  }
}
