import ActIR

extension Plan {
  /// Whether step `index` may write its result over operand `operand`, which its kernel is able to overwrite.
  package func mayWrite(_ index: Int, over operand: Int, _ buffers: BufferMap, _ last: [Int]) -> Bool {
    let value = values[index]
    let input = value.inputs[operand]
    guard ofCall.contains(input), values[input].type == value.type,
      case .arena = values[buffers.owner[input]].place,
      // A row an entry that stands for many has bytes for one.
      values[buffers.owner[input]].type.shape.first == value.type.shape.first,
      !(buffers.isStrided[input] && buffers.needsContiguity[index]),
      // A kernel that reads whole rows of one operand while it overwrites another must not get one value for both.
      value.inputs.count(where: { $0 == input }) == 1
    else { return false }
    return buffers.mayOverwrite(input, at: index, last)
  }
}
