import ActIR

extension Plan {
  /// Lets values reuse the bytes of an operand that nothing reads later.
  mutating func writeInPlace() {
    let last = lastReads(throughViews: false)
    var buffers = BufferMap(self)
    for index in step {
      if values[index].place == .arena(0) {
        let operands = values[index].op.traits.overwritable.indices(of: values[index].inputs.count)
        if let operand = operands.first(where: { mayWrite(index, over: $0, buffers, last) }) {
          values[index].place = .over(operand: operand)
        }
      }
      buffers.add(index, of: self)
    }
  }

  /// Whether step `index` may write its result over operand `operand`, which its kernel is able to overwrite.
  func mayWrite(_ index: Int, over operand: Int, _ buffers: BufferMap, _ last: [Int]) -> Bool {
    let value = values[index]
    let input = value.inputs[operand]
    guard step.contains(input), values[input].type == value.type,
      case .arena = values[buffers.owner[input]].place,
      !(buffers.isStrided[input] && buffers.needsContiguity[index]),
      // A kernel that reads whole rows of one operand while it overwrites another must not get one value for both.
      value.inputs.count(where: { $0 == input }) == 1
    else { return false }
    return buffers.mayOverwrite(input, at: index, last)
  }
}
