import ActIR

/// Folds a frozen per-channel map into the table of the embedding before it.
///
///     %e = embedding %w, %tokens       %w2 = add (scale_columns %w, %s), %t
///     %y = affine %e, %s, %t       =>  %y = embedding %w2, %tokens
public let foldAffineIntoTable = GraphPass(
  "fold-affine-into-table",
  rules: [
    RewriteRule("fold-affine-into-table") { id, graph, times in
      guard let map = graph.affineMap(id, times), map.ownsX, map.isOfWeights,
        graph.isStoredTable(map.x, times)
      else { return nil }
      let (embedding, scale, shift) = (graph[map.x], graph[id].inputs[1], graph[id].inputs[2])
      var table = embedding.inputs[0]
      if !map.scale.isOne {
        table = graph.append(.scaleColumns, table, scale, name: "\(embedding.name).weight.folded")
      }
      if !map.shift.isZero {
        if graph.type(table).dtype != .f32 {
          table = graph.append(.cast(.f32), table, name: "\(embedding.name).weight.wide")
        }
        table = graph.append(.binary(.add), table, shift, name: "\(embedding.name).weight.folded")
      }
      return graph.append(
        .embedding, table, embedding.inputs[1], name: embedding.name, site: graph[id].site(after: embedding))
    }
  ])

extension Graph {
  /// Whether `id` is the rows of a table that is known at compile time and not packed.
  func isStoredTable(_ id: ValueID, _ times: BindingTimes) -> Bool {
    guard case .embedding = self[id].op else { return false }
    return times[self[id].inputs[0]] == .compile && type(self[id].inputs[0]).dtype.isFloat
  }
}
