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

  /// Runs the pass; returns whether the graph changed.
  @discardableResult
  public func run(on graph: inout Graph) throws -> Bool { try body(&graph) }
}
