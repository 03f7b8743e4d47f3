/// When a value becomes known, and so how often it is computed.
public enum BindingTime: Int, Hashable, Sendable, Comparable, CaseIterable {
  /// From the weights alone: once, when the plan is compiled.
  case compile
  /// From weights and strengths: again when a dial moves.
  case set
  /// Also from inputs that stay the same from step to step of denoising, as texts do: once for a call's entries.
  case prompt
  /// From all of a call's inputs: every step.
  case step

  public static func < (a: BindingTime, b: BindingTime) -> Bool { a.rawValue < b.rawValue }

  /// Whether a value depends on a call's inputs, those of the prompt or of the step.
  public var isOfCall: Bool { self >= .prompt }
}

extension Graph {
  /// The binding time of `id`: the latest of its own and its operands'.
  public func bindingTime(_ id: ValueID) -> BindingTime { bindingTimes()[id.index] }

  /// The binding time of every value that the results need, indexed by value; `step` elsewhere.
  public func bindingTimes() -> [BindingTime] {
    var times = [BindingTime](repeating: .step, count: valueBound)
    for id in order {
      let node = self[id]
      times[id.index] = node.inputs.reduce(node.op.traits.bindingTime) { max($0, times[$1.index]) }
    }
    return times
  }
}
