import ActIR

/// Makes a linear layer for each part that what follows takes of its columns, as of a gate and what it gates.
///
///     %x = linear %h, %w, %b                        %a = linear %h, (rows 0 ..< 64 of %w), (those of %b)
///     %a = slice %x {start = 0, count = 64}         %g = linear %h, (rows 64 ..< 128 of %w), (those of %b)
///     %g = slice %x {start = 64, count = 64}   =>   %y = fused %g, %a {body = "t0 = gelu $0; mul $1, t0"}
///     %y = fused %g, %a {body = "t0 = gelu $0; mul $1, t0"}
///
/// One of them can then finish what follows, so that its part is never in memory. Only where nothing else reads the parts.
public let splitLinears = GraphPass(
  "split-linears",
  rules: [
    RewriteRule("split-linears") { id, graph, times in
      guard graph[id].op.isElementwise, let body = graph.elementwiseBody(of: id) else { return nil }
      for input in body.inputs {
        guard case .slice(let slice) = graph[input].op, slice.axis == nil else { continue }
        let whole = graph[input].inputs[0]
        let parts = graph.readers(of: whole)
        guard case .linear = graph[whole].op, !graph.isResult(whole), parts.count > 1,
          times[graph[whole].inputs[1]] == .compile, graph.type(graph[whole].inputs[1]).dtype.isFloat,
          graph[whole].inputs.dropFirst(2).allSatisfy({ times[$0] == .compile }),
          parts.allSatisfy({ graph.isPart($0, of: whole, readBy: id) })
        else { continue }
        for part in parts { graph.replace(part, with: graph.layer(of: part, in: whole)) }
        return id
      }
      return nil
    }
  ])

extension Graph {
  /// Whether a value is some of the columns of a layer, an element for each of the one node that reads it.
  fileprivate func isPart(_ part: ValueID, of layer: ValueID, readBy reader: ValueID) -> Bool {
    guard case .slice(let slice) = self[part].op, slice.axis == nil else { return false }
    return type(part) == type(reader) && !isResult(part) && readers(of: part).allSatisfy { $0 == reader }
  }

  /// The linear layer that computes a slice of another.
  fileprivate mutating func layer(of part: ValueID, in whole: ValueID) -> ValueID {
    guard case .slice(let slice) = self[part].op else { preconditionFailure("a part is a slice") }
    let (layer, name, site) = (self[whole], self[part].name, self[part].site)
    let stored = layer.inputs[1]
    let rows = append(
      .slice(Slice(start: slice.start, count: slice.count, axis: 0)),
      wide(stored, name: "\(layer.name).weight.wide"), name: "\(name).weight")
    var inputs = [layer.inputs[0], rounded(rows, as: stored)]
    if layer.inputs.count == 3 {
      inputs.append(append(.slice(slice), layer.inputs[2], name: "\(name).bias"))
    }
    return append(.linear, inputs, name: name, site: site)
  }
}
