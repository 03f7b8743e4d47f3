import ActFormats
import ActIR

// Language models as encoders of whole texts: what diffusion models read are their hidden states.

extension Architecture {
  /// The architecture of a language model's class without its head.
  func withoutHead(_ name: String) -> Architecture {
    let build = build
    return Architecture(name, otherHeads: ["lm_head."]) { configuration, weightType in
      // The head is left out; one that is tied has no tensor of its own.
      let tied = configuration.setting("tie_word_embeddings", to: .bool(true))
      return try build(tied, weightType, ModelPart()).encodingTexts()
    }
  }
}

extension ModelGraph {
  /// A language model as an encoder of whole texts: the result is `last_hidden_state`, what the head reads, of all rows,
  /// and keys and values are those of a call in place of caches. Another model is returned as it is.
  func encodingTexts() -> ModelGraph {
    guard let states = graph.headInput else { return self }
    var model = self
    model.graph = graph.ofWholeTexts(giving: states)
    return model
  }
}

extension Graph {
  /// Of a language model, what the layer reads that gives the logits; nil for other models.
  fileprivate var headInput: ValueID? {
    guard results.map(\.name) == ["logits"], hasCaches else { return nil }
    var id = results[0].value
    while true {
      if case .linear = self[id].op { break }
      guard let first = self[id].inputs.first else { return nil }
      id = first
    }
    let read = self[id].inputs[0]
    return isSiteView(read) ? self[read].inputs[0] : read
  }

  private var hasCaches: Bool {
    order.contains { id in
      if case .kvAppend = self[id].op { true } else { false }
    }
  }

  /// The graph that gives `states` of all rows, without the choice of some and without caches.
  fileprivate func ofWholeTexts(giving states: ValueID) -> Graph {
    var source = self
    source.removeResults()
    source.addResult("last_hidden_state", states)
    source.removeDeadNodes()
    var graph = Graph(name: name)
    var values: [ValueID: ValueID] = [:]
    for id in source.order {
      let node = source[id]
      if source.isChoice(id) { continue }
      if case .takeRows = node.op, source.isChoice(node.inputs[1]) {
        values[id] = values[node.inputs[0]]
        continue
      }
      values[id] = graph.appendOfWholeTexts(node, node.inputs.map { values[$0]! })
    }
    graph.addResult("last_hidden_state", values[states]!)
    return graph
  }

  /// Whether a value is the input that says which rows have logits.
  private func isChoice(_ id: ValueID) -> Bool {
    guard case .input(_, let role, _) = self[id].op else { return false }
    return role == .chosen
  }

  /// Adds a node of a language model where all rows are chosen.
  private mutating func appendOfWholeTexts(_ node: Node, _ inputs: [ValueID]) -> ValueID {
    var op = node.op
    switch op {
    case .kvAppend(let keysAndValues, _): op = .kvPack(keysAndValues)
    case .reshape(let shape): op = .reshape(shape.map { $0 == .symbol("R") ? .symbol("T") : $0 })
    default: break
    }
    let types = inputs.map { self.type($0) }
    let type = (try? op.resultType(of: types)) ?? node.type
    return append(Node(op, inputs, type, name: node.name, site: node.site))
  }
}
