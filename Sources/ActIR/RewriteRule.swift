import ActErrors

/// One local rewrite.
public struct RewriteRule: Sendable {
  /// What it is called in a list of rules, and in errors.
  public let name: String
  let apply: @Sendable (ValueID, inout Graph, BindingTimes) -> ValueID?

  /// A rule that, given a node, returns the value that replaces it (the node itself where it was changed in place),
  /// or nil where it does not apply. The driver replaces and repeats.
  public init(_ name: String, _ apply: @escaping @Sendable (ValueID, inout Graph) -> ValueID?) {
    self.init(name) { id, graph, _ in apply(id, &graph) }
  }

  /// A rule that asks when values are known: the driver keeps their binding times, those of the graph as the rule is
  /// given it. Where a rule replaces other values itself, it does so by values that are known at the same time.
  public init(
    _ name: String, _ apply: @escaping @Sendable (ValueID, inout Graph, BindingTimes) -> ValueID?
  ) {
    self.name = name
    self.apply = apply
  }
}

extension GraphPass {
  /// A pass that applies `rules` until none fires.
  ///
  /// Rules that make a graph simpler come to an end. A pass whose rules do not throws a ``RewriteError``.
  public init(_ name: String, rules: [RewriteRule]) {
    self.init(name) { graph in
      var driver = RewriteDriver(pass: name, graph)
      var changed = false
      while try driver.sweep(&graph, rules) { changed = true }
      return changed
    }
  }
}

/// Rules that go on rewriting for ever: one that undoes another, or that applies to what it has made.
public struct RewriteError: ToolError, Hashable {
  /// The name of the pass.
  public var pass: String
  /// The names of the rules that kept firing, sorted.
  public var rules: [String]
  /// The node that the last of them rewrote.
  public var node: String
  /// How many rewrites there were.
  public var count: Int

  public var exitStatus: ExitStatus { .notSupported }

  public var description: String {
    let names = rules.map { "`\($0)`" }.joined(separator: " and ")
    let verb = rules.count == 1 ? "fires" : "fire"
    return "\(pass): no end after \(count) rewrites: \(names) still \(verb), last at %\(node); "
      + "run the passes without \(pass), and report it"
  }
}

/// What applying rules until none fires keeps from one sweep over the graph to the next.
private struct RewriteDriver {
  private let pass: String
  private var times: BindingTimes
  private var count = 0
  /// More rewrites than this, some times the nodes of the graph, do not end.
  private let most: Int
  /// Which rules fired in the second half of those.
  private var late: Set<String> = []

  init(pass: String, _ graph: Graph) {
    self.pass = pass
    times = BindingTimes(of: graph)
    most = 100 + 8 * graph.liveValues.count
  }

  /// Offers every node to every rule; returns whether one fired.
  mutating func sweep(_ graph: inout Graph, _ rules: [RewriteRule]) throws(RewriteError) -> Bool {
    let before = count
    for id in graph.order where graph.isLive(id) {
      for rule in rules where graph.isLive(id) {
        let name = graph[id].name
        guard let new = rule.apply(id, &graph, times) else { continue }
        replace(id, with: new, in: &graph)
        count += 1
        if count > most / 2 { late.insert(rule.name) }
        guard count < most else {
          throw RewriteError(pass: pass, rules: late.sorted(), node: name, count: count)
        }
      }
    }
    return count > before
  }

  private mutating func replace(_ old: ValueID, with new: ValueID, in graph: inout Graph) {
    times.extend(to: graph)
    let isKnownAsEarly = new != old && times[new] == times[old]
    if new != old { graph.replace(old, with: new) }
    // Else the times of what reads it may have changed.
    if !isKnownAsEarly { times = BindingTimes(of: graph) }
  }
}
