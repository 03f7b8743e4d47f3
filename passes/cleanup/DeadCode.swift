import ActIR

/// Erases nodes that no result needs.
public let deadCode = GraphPass("dead-code") { graph in graph.removeDeadNodes() }
