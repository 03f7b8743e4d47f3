import ActIR

extension Op {
  /// Operands that the op's kernel may overwrite with its result as it goes.
  package func overwritableOperands(count: Int) -> Range<Int> {
    switch self {
    case .unary, .binary, .select, .affine, .fused: 0..<count
    case .rmsNorm, .layerNorm, .rope: 0..<1
    case .linearEpilogue: 2..<count
    default: 0..<0
    }
  }
}

extension Plan {
  /// Whether step `index` may write its result over operand `operand`, which its kernel is able to overwrite.
  package func mayWrite(_ index: Int, over operand: Int, _ buffers: BufferMap, _ last: [Int]) -> Bool {
    let value = values[index]
    let input = value.inputs[operand]
    guard step.contains(input), values[input].type == value.type,
      case .arena = values[buffers.owner[input]].place,
      // A kernel that reads whole rows of one operand while it overwrites another must not get one value for both.
      value.inputs.count(where: { $0 == input }) == 1
    else { return false }
    return buffers.mayOverwrite(input, at: index, last)
  }
}
