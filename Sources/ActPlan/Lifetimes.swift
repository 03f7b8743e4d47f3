import ActIR

extension Plan {
  /// The last value of the call that reads each value, itself or through its views; the end of the step for results.
  package func lastReads(throughViews: Bool) -> [Int] {
    var last = Array(values.indices)
    for index in ofCall where values[index].place != .view {
      for input in values[index].inputs { last[input] = max(last[input], index) }
    }
    for result in results { last[result.value] = step.upperBound }
    guard throughViews else { return last }
    for index in ofCall.reversed() where values[index].place == .view {
      let base = values[index].inputs[0]
      last[base] = max(last[base], last[index])
    }
    return last
  }

  /// The buffers of the arena: the value that owns each, its size, and the values between which it is needed.
  package func buffers() -> (values: [Int], lifetimes: [BufferLifetime]) {
    let last = lastReads(throughViews: true)
    var map = BufferMap(self)
    var end = Array(values.indices)
    for index in ofCall {
      map.add(index, of: self)
      let owner = map.owner[index]
      end[owner] = max(end[owner], last[index])
    }
    let owners = ofCall.filter { if case .arena = values[$0].place { true } else { false } }
    return (
      owners, owners.map { BufferLifetime(byteCount: byteCount(values[$0].type) ?? 0, steps: $0...end[$0]) }
    )
  }
}
