import ActCompile
import ActFormats
import ActIR

/// The outputs of a decoder's blocks, after the residual of the MLP: the sites whose names are one name and a number.
struct BlockOutputs {
  /// In order: block N's is the N-th.
  let sites: [String]
  let width: Int

  /// Finds the blocks of a model.
  ///
  /// - Throws: `FileError` for a model that is no decoder of blocks.
  init(of model: Model) throws(FileError) {
    let hasCache = model.graph.order.contains { id in
      if case .kvAppend = model.graph[id].op { true } else { false }
    }
    var numbered: [String: [(name: String, width: Int)]] = [:]
    for (name, type) in model.sites {
      let parts = name.split(separator: ".")
      guard let number = parts.last.flatMap({ Int($0) }), type.rank == 2, let width = type.shape[1].fixed
      else { continue }
      let prefix = parts.dropLast().joined(separator: ".")
      // Blocks run in the order of their numbers, from 0.
      if numbered[prefix, default: []].count == number { numbered[prefix, default: []].append((name, width)) }
    }
    guard hasCache, numbered.count == 1, let blocks = numbered.first?.value, !blocks.isEmpty else {
      throw FileError.unsupported(
        model.path, nil, "expected a decoder whose blocks are sites",
        next: "control vectors are for language models")
    }
    sites = blocks.map(\.name)
    width = blocks[0].width
  }

  /// What a value that is shifted means for the output of a block.
  enum Effect: Hashable {
    /// That of this number is shifted too, by so many times as much.
    case shifts(block: Int, factor: Double)
    /// It is not just shifted: what reads the value, in words.
    case other(because: String)
  }

  /// Where a shift of a site's value arrives, unchanged but for a factor, and nowhere else: at the output of a block, to
  /// which the value is, or is only added.
  ///
  /// - Returns: the block, or what else reads the value.
  func effect(ofShiftAt site: String, in graph: Graph) -> Effect {
    guard var value = graph.value(at: site) else { return .other(because: "there is no such site") }
    var factor = 1.0
    while true {
      if let name = graph[value].site, let block = sites.firstIndex(of: name) {
        return .shifts(block: block, factor: factor)
      }
      let readers = Set(graph.readers(of: value)).sorted()
      guard readers.count == 1, !graph.isResult(value), let next = step(value, to: readers[0], in: graph)
      else {
        let names = readers.map { "`\(graph[$0].op.mnemonic)` \(graph[$0].name)" }
        let verb = names.count == 1 ? "reads" : "read"
        return .other(
          because: names.isEmpty ? "it is a result" : "\(names.joined(separator: " and ")) \(verb) it")
      }
      factor *= next
      value = readers[0]
    }
  }

  /// What a shift of `value` is multiplied by in `reader`; nil where it is not just a shift there.
  private func step(_ value: ValueID, to reader: ValueID, in graph: Graph) -> Double? {
    let node = graph[reader]
    guard node.type == graph.type(value), case .binary(let function) = node.op else { return nil }
    let (isLeft, isRight) = (node.inputs[0] == value, node.inputs[1] == value)
    func number(_ id: ValueID) -> Double? {
      if case .constant(let number) = graph[id].op { Double(number) } else { nil }
    }
    switch function {
    case .add: return isLeft && isRight ? 2 : 1
    case .sub: return isLeft && isRight ? 0 : isLeft ? 1 : -1
    case .mul: return isLeft && isRight ? nil : number(node.inputs[isLeft ? 1 : 0])
    case .div: return isLeft && !isRight ? number(node.inputs[1]).map { 1 / $0 } : nil
    default: return nil
    }
  }
}
