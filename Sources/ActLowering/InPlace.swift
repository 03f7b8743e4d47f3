import ActIR

extension Op {
  /// Operands that the op's kernel may overwrite with its result as it goes.
  func overwritableOperands(count: Int) -> Range<Int> {
    switch self {
    case .unary, .binary, .select, .affine, .fused: 0..<count
    case .rmsNorm, .layerNorm, .rope: 0..<1
    case .linearEpilogue: 2..<count
    default: 0..<0
    }
  }
}

extension Plan {
  /// Lets values take over the bytes of an operand that nobody reads later.
  mutating func writeInPlace() {
    let last = lastReads(throughViews: false)
    for index in step where values[index].place == .arena(0) {
      let value = values[index]
      let operand = value.op.overwritableOperands(count: value.inputs.count).first { position in
        let input = value.inputs[position]
        return values[input].type == value.type && mayOverwrite(input, at: index, last)
          && value.inputs.count { $0 == input } == 1
      }
      if let operand { values[index].place = .over(operand: operand) }
    }
  }

  /// Whether step `index` is the last to read the columns in which `input` lies, through whatever value.
  func mayOverwrite(_ input: Int, at index: Int, _ last: [Int]) -> Bool {
    guard step.contains(input), last[input] == index else { return false }
    let owner = buffer(of: input)
    guard case .arena = values[owner].place else { return false }
    let columns = self.columns(of: input)
    return (step.lowerBound..<index).allSatisfy { other in
      other == input || last[other] < index || buffer(of: other) != owner
        || !self.columns(of: other).overlaps(columns)
    }
  }

  /// The columns of its buffer in which a value lies.
  private func columns(of index: Int) -> Range<Int> {
    switch values[index].place {
    case .view:
      guard case .slice(let start, let count) = values[index].op else { return 0..<0 }
      let base = columns(of: values[index].inputs[0]).lowerBound
      return base + start..<base + start + count
    case .over(let operand): return columns(of: values[index].inputs[operand])
    default: return 0..<(values[index].type.shape.last?.fixed ?? 0)
    }
  }
}
