import ActIR
import ActPlan

extension Plan {
  /// Lets values reuse the bytes of an operand that nothing reads later.
  mutating func writeInPlace() {
    let last = lastReads(throughViews: false)
    var buffers = BufferMap(self)
    for index in ofCall {
      if values[index].place == .arena(0) {
        let operands = values[index].op.traits.overwritable.indices(of: values[index].inputs.count)
        if let operand = operands.first(where: { mayWrite(index, over: $0, buffers, last) }) {
          values[index].place = .over(operand: operand)
        }
      }
      buffers.add(index, of: self)
    }
  }
}
