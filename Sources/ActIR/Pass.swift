/// A named transformation of a graph. Passes are values: define one with a `let`.
public struct GraphPass: Sendable {
  /// As `--passes` and `--print-after` take it: `fold-affine-into-norm`.
  public let name: String
  let body: @Sendable (inout Graph) throws -> Bool

  /// A pass whose body returns whether it changed the graph.
  public init(_ name: String, _ body: @escaping @Sendable (inout Graph) throws -> Bool) {
    self.name = name
    self.body = body
  }

  /// A pass that applies `rules` until none fires.
  public init(_ name: String, rules: [RewriteRule]) {
    self.init(name) { graph in
      var changed = false
      var again = true
      while again {
        again = false
        for id in graph.order where graph.isLive(id) {
          for rule in rules where graph.isLive(id) {
            guard let new = rule.apply(id, &graph) else { continue }
            if new != id { graph.replace(id, with: new) }
            again = true
          }
        }
        changed = changed || again
      }
      return changed
    }
  }

  /// Runs the pass; returns whether the graph changed.
  @discardableResult
  public func run(on graph: inout Graph) throws -> Bool { try body(&graph) }
}

/// One local rewrite.
public struct RewriteRule: Sendable {
  /// What it is called in a list of rules.
  public let name: String
  let apply: @Sendable (ValueID, inout Graph) -> ValueID?

  /// A rule that, given a node, returns the value that replaces it (the node itself where it was changed in place),
  /// or nil where it does not apply. The driver replaces and repeats.
  public init(_ name: String, _ apply: @escaping @Sendable (ValueID, inout Graph) -> ValueID?) {
    self.name = name
    self.apply = apply
  }
}
