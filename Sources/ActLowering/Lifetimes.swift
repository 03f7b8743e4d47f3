import ActIR

extension Plan {
  /// For every value, the one whose buffer it lies in: itself, or what it is a view of or written over.
  func buffer(of index: Int) -> Int {
    var index = index
    while true {
      switch values[index].place {
      case .view: index = values[index].inputs[0]
      case .over(let operand): index = values[index].inputs[operand]
      default: return index
      }
    }
  }

  /// The last step that reads each value, itself or through its views; the end of the step for results.
  func lastReads(throughViews: Bool) -> [Int] {
    var last = Array(values.indices)
    for index in step where values[index].place != .view {
      for input in values[index].inputs { last[input] = max(last[input], index) }
    }
    for result in results { last[result.value] = step.upperBound }
    guard throughViews else { return last }
    for index in step.reversed() where values[index].place == .view {
      let base = values[index].inputs[0]
      last[base] = max(last[base], last[index])
    }
    return last
  }

  /// The arena's buffers: which value owns each, how large it is, and from which step to which it is needed.
  func buffers() -> (values: [Int], lifetimes: [BufferLifetime]) {
    let last = lastReads(throughViews: true)
    var end: [Int: Int] = [:]
    for index in step {
      let owner = buffer(of: index)
      end[owner] = max(end[owner] ?? owner, last[index])
    }
    let owners = step.filter { if case .arena = values[$0].place { true } else { false } }
    return (
      owners,
      owners.map { BufferLifetime(byteCount: byteCount(values[$0].type) ?? 0, steps: $0...max($0, end[$0] ?? $0)) }
    )
  }
}
