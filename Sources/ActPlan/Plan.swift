import ActIR

/// A compiled model: what runs when a dial moves, for a prompt and in every step, and where each value is stored.
///
/// The values of a plan are nodes in schedule order, each with a place. A plan shares ops, types and text form with the
/// graph, but its order and its places are fixed. The weights are tensors of the plan file, by name.
package struct Plan: Hashable, Sendable {
  /// Where a value is stored while the plan runs.
  package enum Place: Hashable, Sendable {
    /// A tensor of the plan file.
    case constant
    /// Given by the caller of every step, or once for the steps of a prompt.
    case call
    /// In every slot's block of set-time values, at this byte.
    case slot(Int)
    /// In the memory that keeps what steps read of a prompt, at this byte.
    case prompt(Int)
    /// In the arena, at this byte.
    case arena(Int)
    /// Columns of its operand; no kernel runs.
    case view
    /// In the caches of the sequences.
    case cache
    /// Written over operand `k`, which nothing reads later.
    case over(operand: Int)
    /// In a buffer of its own, which grows with the number of rows.
    case result
  }

  /// How a value is computed, from which earlier values, and where it is stored.
  package struct Value: Hashable, Sendable {
    package var name: String
    package var op: Op
    /// Earlier values, by index.
    package var inputs: [Int]
    package var type: TensorType
    package var site: String?
    package var place: Place

    package init(name: String, op: Op, inputs: [Int], type: TensorType, site: String?, place: Place) {
      self.name = name
      self.op = op
      self.inputs = inputs
      self.type = type
      self.site = site
      self.place = place
    }
  }

  /// A value that the plan returns, by name.
  package struct Result: Hashable, Sendable {
    package var name: String
    package var value: Int

    package init(name: String, value: Int) {
      self.name = name
      self.value = value
    }
  }

  /// The largest value of a symbol.
  package struct Limit: Hashable, Sendable {
    package var symbol: String
    package var value: Int

    package init(symbol: String, value: Int) {
      self.symbol = symbol
      self.value = value
    }
  }

  package var name: String
  /// The largest number of rows of a call that fits the arena, for each symbol.
  package var limits: [Limit] = []
  /// The longest sequence, in tokens.
  package var contextLength = 0
  /// Bytes of the arena.
  package var arenaByteCount = 0
  /// The most bytes that are alive at once: the size of an arena without fragmentation.
  package var arenaBound = 0
  /// Bytes of one slot's block of set-time values.
  package var slotByteCount = 0
  /// Bytes of what steps read of a prompt, at the largest row counts.
  package var promptByteCount = 0
  /// All values: constants and inputs, then set-time values, those of the prompt, and those of the step.
  package var values: [Value] = []
  /// Indices of the set-time values that are computed.
  package var set: Range<Int> = 0..<0
  /// Indices of the values that are computed once for the steps of a prompt.
  package var prompt: Range<Int> = 0..<0
  /// Indices of the values of a step.
  package var step: Range<Int> = 0..<0
  package var results: [Result] = []
  /// The inputs that earlier modules of a plan file give.
  package var wires: [Wire] = []

  package init(name: String) { self.name = name }
}

extension Plan {
  /// The names of the dials, in order.
  package var dials: [String] { scopes.map(\.name) }

  /// The dials, in order, and the tokens to which each applies.
  package var scopes: [(name: String, scope: TokenScope)] {
    values.compactMap { if case .dial(let name, let scope) = $0.op { (name, scope) } else { nil } }
  }

  /// The gates, by which a slot may bound the scores at which a map acts, in order.
  package var gates: [Gate] {
    values.compactMap { if case .gateBound(let gate, .lower) = $0.op { gate } else { nil } }
  }

  /// The names of the scores of each token that it returns, in order.
  package var scores: [String] {
    results.compactMap { result in
      guard result.name.hasPrefix("score."),
        values[result.value].type == TensorType(.f32, [.symbol("T"), .fixed(1)])
      else { return nil }
      return String(result.name.dropFirst("score.".count))
    }
  }

  /// The plan's tensors: name and type of every constant.
  package var constants: [(name: String, type: TensorType)] {
    values.compactMap { value in
      guard value.place == .constant, case .weight(let name) = value.op else { return nil }
      return (name, value.type)
    }
  }

  /// Gives the plan's tensors other names.
  package mutating func renameConstants(_ rename: (String) -> String) {
    for index in values.indices where values[index].place == .constant {
      if case .weight(let name) = values[index].op { values[index].op = .weight(name: rename(name)) }
    }
  }

  /// The largest value of `symbol`, or nil where no input has it.
  package func limit(_ symbol: String) -> Int? { limits.first { $0.symbol == symbol }?.value }

  /// The most rows of a kind that a call has; nil where nothing bounds them, or the number overflows.
  package func mostRows(of kind: RowKind) -> Int? {
    switch kind {
    case .ragged(let symbol): return limit(symbol)
    case .fixed(let count):
      guard let (rows, overflow) = limit("B")?.multipliedReportingOverflow(by: count) else { return nil }
      return overflow ? nil : rows
    }
  }

  /// The attention nodes, in order.
  package var attentions: [Attention] {
    values.compactMap { if case .attention(let attention) = $0.op { attention } else { nil } }
  }

  /// The inputs, in order.
  package var inputs: [DeclaredInput] {
    values.compactMap { value in
      guard case .input(let name, let role, let time) = value.op else { return nil }
      return DeclaredInput(name: name, role: role, time: time, type: value.type)
    }
  }

  /// Whether a call must hold entries whole, since rows see later ones or what is made of a prompt is an entry's.
  package var needsWholeEntries: Bool {
    !prompt.isEmpty || values.contains { if case .kvPack = $0.op { true } else { false } }
  }

  /// Indices of the values that depend on a call's inputs: those of the prompt, then those of the step.
  package var ofCall: Range<Int> { prompt.isEmpty ? step : prompt.lowerBound..<step.upperBound }

  /// Whether a value of the prompt hangs on a dial, so that it must be computed again when its slot changes.
  package var promptFollowsDials: Bool { values[prompt].contains { $0.inputs.contains(where: set.contains) } }

  /// How many kernels a step runs; views run none.
  package var stepCount: Int { values[step].count { $0.place != .view } }

  /// How many kernels run once for the steps of a prompt.
  package var promptCount: Int { values[prompt].count { $0.place != .view } }

  /// How many kernels run when a dial moves.
  package var setCount: Int { values[set].count { $0.op.traits.bindingTime != .set } }

  /// Bytes of a value at the largest row counts; nil where a size is unknown or overflows.
  package func byteCount(_ type: TensorType) -> Int? { type.byteCount(limit) }
}

/// The program that runs once, when a plan is compiled: it computes the plan's tensors from weights and maps.
package struct CompileProgram: Sendable {
  /// Leaves (`weight`, `map_parameter`) and arithmetic over them, operands first.
  package var values: [Plan.Value] = []
  /// The plan's tensors: the name and the value of each.
  package var outputs: [(name: String, value: Int)] = []

  package init() {}

  /// For every value a number that says how it is computed: the same for values that are computed alike, in all programs
  /// that are given one `table`.
  package func recipes(_ table: inout [String: Int]) -> [Int] {
    var recipes: [Int] = []
    for value in values {
      let attributes = value.op.attributes.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
      let operands = value.inputs.map { "\(recipes[$0])" }.joined(separator: ",")
      let text = "\(value.op.mnemonic){\(attributes)}(\(operands)):\(value.type)"
      recipes.append(table[text, default: table.count])
      table[text] = recipes[recipes.count - 1]
    }
    return recipes
  }
}
