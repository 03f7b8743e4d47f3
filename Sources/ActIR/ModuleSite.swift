/// A site's name taken apart: the module, and what of it the site is.
public struct ModuleSite: Hashable, Sendable, CustomStringConvertible {
  /// What of a module a site is; the raw value ends the name.
  public enum Part: String, Hashable, Sendable, CaseIterable {
    /// What it gives.
    case output = ""
    /// What it reads.
    case input = ":in"
    /// What it adds to what it reads: output minus input.
    case delta = ":delta"
  }

  /// The name of the module, as the checkpoint's own framework calls it.
  public var module: String
  /// What of it.
  public var part: Part

  /// A part of a module.
  public init(_ part: Part, of module: String) {
    self.module = module
    self.part = part
  }

  /// The parts of a name.
  public init(_ name: String) {
    part = Part.allCases.last { name.hasSuffix($0.rawValue) } ?? .output
    module = String(name.dropLast(part.rawValue.count))
  }

  /// The site's name.
  public var description: String { module + part.rawValue }
}

// MARK: Views

extension Graph {
  /// Adds a view of what a module reads, for the module's nodes to read in its place: the site `MODULE:in`.
  ///
  /// What is inserted there acts on the module alone, whatever else reads `x`. `fold-constants` drops views, so that they
  /// cost nothing.
  ///
  /// - Returns: the view, or where `x` is no rows of numbers `x` itself.
  public mutating func appendInput(_ x: ValueID, of module: String) -> ValueID {
    guard type(x).dtype == .f32, type(x).isRows else { return x }
    let site = ModuleSite(.input, of: module).description
    return append(.reshape(type(x).shape), x, name: "\(module).in", site: site)
  }

  /// Adds a view of what a module gives that is what its last module gives: the site `MODULE`.
  ///
  /// What is inserted there acts on all that reads the module; the last module's own site keeps its name. `fold-constants`
  /// drops views, so that they cost nothing.
  public mutating func appendOutput(_ x: ValueID, of module: String) -> ValueID {
    append(.reshape(type(x).shape), x, name: module, site: module)
  }

  /// Whether a node is a view of a value under the name of another module.
  public func isSiteView(_ id: ValueID) -> Bool {
    guard case .reshape = self[id].op else { return false }
    return type(self[id].inputs[0]) == type(id) && self[id].site != nil
  }

  /// The graph without views of what modules read and give, as people read it.
  public var withoutSiteViews: Graph {
    var graph = self
    for id in order where isSiteView(id) { graph.replace(id, with: graph[id].inputs[0]) }
    return graph
  }
}

extension Node {
  /// The site of the node that takes this one's place after an earlier one of the same module: this one's, unless that
  /// is only another name of what the earlier one gives.
  package func site(after earlier: Node) -> String? {
    guard let own = site, let other = earlier.site else { return site ?? earlier.site }
    return ModuleSite(own).part == .input ? other : own
  }
}

// MARK: All sites

extension Graph {
  /// A site, as commands list it.
  public struct Site: Hashable, Sendable {
    /// The module's name, and what of it the site is.
    public var name: String
    /// The type of its value.
    public var type: TensorType
    /// How many heads lie side by side in its channels; nil where there are none.
    public var heads: Int?
  }

  /// The sites in order of execution: what modules read and give, and where both are of one type what they add.
  public var sites: [Site] {
    var inputs: [String: TensorType] = [:]
    var sites: [Site] = []
    for id in order {
      guard let name = self[id].site else { continue }
      let (site, type) = (ModuleSite(name), type(id))
      sites.append(Site(name: name, type: type, heads: heads(of: id)))
      if site.part == .input { inputs[site.module] = type }
      if site.part == .output, inputs[name] == type {
        sites.append(Site(name: ModuleSite(.delta, of: name).description, type: type))
      }
    }
    return sites
  }

  /// How many heads lie side by side in the channels of a value: those of an attention's result, as it is or as what the
  /// next module reads; nil for other values.
  private func heads(of id: ValueID) -> Int? {
    let inputs = self[id].inputs
    switch self[id].op {
    case .attention:
      guard let width = type(inputs[1]).shape.last?.fixed, let channels = type(id).shape.last?.fixed else {
        return nil
      }
      return channels / width
    case .reshape where type(inputs[0]) == type(id): return heads(of: inputs[0])
    default: return nil
    }
  }
}

// MARK: Deltas

extension Graph {
  /// The graph with a node for each of the sites `MODULE:delta` among `names`, by way of which its output is computed.
  ///
  ///     %own = sub %y, %x                                %x is the module's input, %y its output
  ///     %delta = sub %y, %x {site = "MODULE:delta"}      a map T is inserted after it
  ///     %change = sub %delta, %own                       T(delta) − delta: exactly 0 where T does nothing
  ///     %moved = add %y, %change                         x + T(delta), which readers of %y read
  ///
  /// Names without a node to come by are left to whoever looks for them.
  public func exposing(_ names: some Sequence<String>) -> Graph {
    var graph = self
    for name in names {
      let site = ModuleSite(name)
      guard site.part == .delta, let y = graph.value(at: site.module),
        let x = graph.value(at: ModuleSite(.input, of: site.module).description),
        graph.type(x) == graph.type(y),
        graph.value(at: name) == nil
      else { continue }
      let module = site.module
      let own = graph.append(.binary(.sub), y, x, name: "\(module).own")
      let delta = graph.append(.binary(.sub), y, x, name: "\(module).delta", site: name)
      let change = graph.append(.binary(.sub), delta, own, name: "\(module).change")
      let moved = graph.append(.binary(.add), y, change, name: "\(module).moved")
      graph.replace(y, with: moved, except: [own, delta, moved])
    }
    return graph
  }
}
