import ActErrors

/// Runs passes in order, with the verifier between them.
///
/// Everything one wants of a pipeline as a whole belongs here and never in a pass: printing, timing, stopping early.
public struct PassManager: Sendable {
  /// Which passes, by name.
  public enum Selection: Sendable {
    /// After no pass.
    case none
    /// After every pass.
    case all
    /// After the passes of these names.
    case named(Set<String>)

    func contains(_ name: String) -> Bool {
      switch self {
      case .none: false
      case .all: true
      case .named(let names): names.contains(name)
      }
    }
  }

  /// What one pass did, and how long it took.
  public struct Timing: Sendable {
    /// The name of the pass.
    public var pass: String
    /// How long the pass took, without the verifier.
    public var duration: Duration
    /// Whether the pass changed the graph.
    public var changed: Bool
    /// Nodes that the results need, after the pass.
    public var nodeCount: Int
  }

  /// Whether the verifier runs after each pass; else once, after the last.
  public var verifiesEach = true
  /// The passes after which the graph is printed.
  public var printsAfter = Selection.none
  /// The last pass to run, by name; its first occurrence.
  public var stopsAfter: String?
  /// How many passes to run, to find the one at fault by bisection; nil: all.
  public var limit: Int?
  /// Receives a title and the graph's text for every graph that is printed.
  public var print: @Sendable (String, Graph) -> Void = { _, _ in }

  /// A manager that runs all passes and verifies after each.
  public init() {}

  /// Runs `passes` on `graph`.
  ///
  /// - Throws: What a pass throws, a ``VerifyError`` that names the pass, or a ``PassLimitError`` where ``limit`` is
  ///   more than there are passes.
  @discardableResult
  public func run(_ passes: [GraphPass], on graph: inout Graph) throws -> [Timing] {
    let limit = limit ?? passes.count
    guard (0...passes.count).contains(limit) else { throw PassLimitError(limit: limit, count: passes.count) }
    var timings: [Timing] = []
    let clock = ContinuousClock()
    for pass in passes.prefix(limit) {
      var changed = false
      let duration = try clock.measure { changed = try pass.run(on: &graph) }
      timings.append(
        Timing(pass: pass.name, duration: duration, changed: changed, nodeCount: graph.order.count))
      if verifiesEach { try graph.verify(after: pass.name) }
      if printsAfter.contains(pass.name) { self.print("after \(pass.name)", graph) }
      if pass.name == stopsAfter { break }
    }
    if !verifiesEach { try graph.verify(after: "the last pass") }
    return timings
  }
}

/// A limit beyond the passes that there are.
public struct PassLimitError: ToolError, Hashable {
  /// How many passes were to run.
  public var limit: Int
  /// How many there are.
  public var count: Int

  public var exitStatus: ExitStatus { .usage }
  public var description: String {
    "cannot bisect at \(limit): \(count) \(count == 1 ? "pass runs" : "passes run") here"
  }
}
