extension Expression {
  /// This expression with input `index` computed by `inner`, and what each input of the outcome is.
  ///
  /// Keys identify the inputs of this expression, where they all differ, and of `inner`; inputs of one key become one.
  /// The outcome's inputs begin with those of the keys `first`, read or not.
  public func inlining<Key: Hashable>(
    _ inner: Expression, at index: Int, outer outerKeys: [Key], inner innerKeys: [Key], first: [Key] = []
  ) -> (expression: Expression, keys: [Key]) {
    var keys = first
    func position(_ key: Key) -> Operand {
      if let at = keys.firstIndex(of: key) { return .input(at) }
      keys.append(key)
      return .input(keys.count - 1)
    }
    var instructions = inner.instructions.map { instruction in
      Instruction(
        instruction.function,
        instruction.operands.map { operand in
          if case .input(let i) = operand { position(innerKeys[i]) } else { operand }
        })
    }
    let shift = instructions.count
    // A body without instructions is its input 0.
    let value = shift > 0 ? .instruction(shift - 1) : position(innerKeys[0])
    for instruction in self.instructions {
      let operands = instruction.operands.map { operand in
        switch operand {
        case .input(index): value
        case .input(let i): position(outerKeys[i])
        case .instruction(let i): Operand.instruction(i + shift)
        }
      }
      instructions.append(Instruction(instruction.function, operands))
    }
    return (Expression(inputCount: keys.count, instructions: instructions), keys)
  }
}

extension Expression {
  /// The expression with equal inputs merged and constant ones made part of it.
  public func withDistinctInputs<Key: Hashable>(
    _ keys: [Key], constant: (Key) -> Float? = { _ in nil }
  ) -> (expression: Expression, inputs: [Key]) {
    var distinct: [Key] = []
    var constants: [Key: Int] = [:]
    var head: [Instruction] = []
    for key in keys {
      if let value = constant(key) {
        if constants[key] == nil {
          constants[key] = head.count
          head.append(Instruction(.constant(value), []))
        }
      } else if !distinct.contains(key) {
        distinct.append(key)
      }
    }
    let tail = instructions.map { instruction in
      Instruction(
        instruction.function,
        instruction.operands.map { operand in
          switch operand {
          case .input(let i):
            if let at = constants[keys[i]] {
              .instruction(at)
            } else {
              .input(distinct.firstIndex(of: keys[i])!)
            }
          case .instruction(let i): .instruction(i + head.count)
          }
        })
    }
    return (Expression(inputCount: distinct.count, instructions: head + tail), distinct)
  }
}
