import ActIR

// What a call gives, what is chosen by it, and what its rows see of each other.

extension Plan {
  /// Checks that the engine knows how to give an input.
  func verifyInput(_ index: Int, _ role: InputRole, _ time: BindingTime) throws(PlanError) {
    let type = values[index].type
    // The engine writes positions and entries itself in every step, and to a prompt nobody chooses rows.
    if time == .prompt {
      guard role.mayBeOfPrompt, type.shape.first != .symbol("R") else {
        throw failure(index, "an input of the step", "\(role.rawValue) \(type) of the prompt")
      }
    }
    let rows =
      switch role {
      case .token: "T"
      case .position, .entry: if case .ragged(let symbol)? = RowKind(type.shape) { symbol } else { "T" }
      case .chosen, .ending: "R"
      case .sample, .timestep, .guidance, .guidanceEmbedding, .label, .place, .filling, .textLength, .given:
        nil as String?
      }
    if role != .given {
      // Rows of several kinds have an input of each.
      let isOfRows = rows != nil || role == .place
      guard inputs.count(where: { $0.role == role && (!isOfRows || $0.type == type) }) == 1 else {
        throw failure(index, "one input as \(role.rawValue)", "several")
      }
    }
    if let rows {
      guard type == TensorType(.i32, [.symbol(rows)]) else {
        throw failure(index, "i32[\(rows)] as \(role.rawValue)", "\(type)")
      }
      return
    }
    let numbers: [(role: InputRole, symbol: String)] = [
      (.timestep, "B"), (.guidance, "B"), (.filling, "T"), (.textLength, "B"),
    ]
    for (one, symbol) in numbers where role == one {
      guard type == TensorType(.f32, [.symbol(symbol), .fixed(1)]) else {
        throw failure(index, "f32[\(symbol),1] as \(role.rawValue)", "\(type)")
      }
    }
    if role == .guidanceEmbedding, type.dtype != .f32 || type.rank != 2 || type.shape[0] != .symbol("B") {
      throw failure(index, "f32[B,N] as guidance_embedding", "\(type)")
    }
    if role == .label, type != TensorType(.i32, [.symbol("B")]) {
      throw failure(index, "i32[B] as label", "\(type)")
    }
    if role == .place,
      type.dtype != .f32 || type.rank != 2 || ![.ragged("T"), .ragged("P")].contains(type.rowKind)
    {
      throw failure(index, "f32[T,N] or f32[P,N] as place", "\(type)")
    }
    if role == .sample, type.dtype != .f32 { throw failure(index, "floats as sample", "\(type)") }
    let isIntegers = type.dtype == .i32 && type.elementsPerSymbol == 1
    guard isIntegers || type.dtype == .f32 && type.isRows, type.shape[0] != .symbol("S"),
      byteCount(type).map({ $0 <= Self.largestBlock }) == true
    else { throw failure(index, "rows of floats, or a whole number for each row", "\(type)") }
    try verifyRowCount(index)
  }

  /// Checks that an op takes rows by an input whose range the engine knows.
  func verifyIndex(_ operand: Int, of index: Int) throws(PlanError) {
    let (table, indices) = (values[values[index].inputs[0]], values[values[index].inputs[operand]])
    guard indices.place == .call, case .input(_, let role, _) = indices.op else {
      throw failure(index, "an input as operand \(operand)", "%\(indices.name)")
    }
    let rows: Dim? = table.place == .constant ? nil : table.type.shape.first
    let isBounded =
      switch role {
      case .token, .position: rows == nil
      case .entry: rows == .symbol("B")
      case .chosen, .ending: rows == .symbol("T")
      case .sample, .timestep, .guidance, .guidanceEmbedding, .place, .filling, .textLength: false
      case .label: rows == nil
      case .given: true
      }
    guard isBounded else {
      throw failure(index, "rows that \(role.rawValue) inputs choose from", "%\(table.name): \(table.type)")
    }
  }

  /// The most rows that entries of one size may have together, for each of which the engine notes where it stands.
  private static let mostEntryRows = 1 << 22

  /// Checks that the engine knows the entry and the position of the rows whose keys and values are packed, and makes room
  /// for B entries.
  func verifyPackedRows(_ index: Int) throws(PlanError) {
    let value = values[index]
    guard let k = value.inputs.first.map({ values[$0].type }), k.rank >= 2 else {
      throw failure(index, "keys and values of rows", "\(value.type)")
    }
    try verifyEntryRows(index, k)
  }

  /// Checks that the engine knows where rows of a type stand in their entries.
  private func verifyEntryRows(_ index: Int, _ type: TensorType) throws(PlanError) {
    guard let entries = limit("B"), let kind = type.rowKind else {
      throw failure(index, "rows of entries, and a limit B", "\(type)")
    }
    guard case .fixed(let rows) = kind, rows > Self.mostEntryRows / entries else { return }
    throw failure(index, "at most \(Self.mostEntryRows) rows of \(entries) entries", "\(type)")
  }

  /// Checks that rows which are taken by their entry, and not copied, are read by kernels that find them themselves.
  func verifyEntryView(_ index: Int) throws(PlanError) {
    let value = values[index]
    let (rows, entries) = (values[value.inputs[0]], values[value.inputs[1]])
    guard case .input(_, .entry, _) = entries.op, ofCall.contains(value.inputs[0]) || rows.place == .call,
      value.type.rank == 2, value.site == nil
    else { throw failure(index, "a row for each entry's, without a site", "\(value.type)") }
    for reader in values.indices where values[reader].inputs.contains(index) {
      let inputs = values[reader].inputs
      let repeated = values[reader].op.traits.repeatedOperands(of: inputs.count)
      guard inputs.indices.allSatisfy({ inputs[$0] != index || repeated.contains($0) }) else {
        throw failure(index, "readers that repeat it", "%\(values[reader].name)")
      }
    }
  }

  /// Checks that what an op takes for each row was chosen among no more than there are.
  func verifyChoice(_ operand: Int, of index: Int, among count: Dim) throws(PlanError) {
    let chosen = values[values[index].inputs[operand]]
    guard case .choose = chosen.op, let columns = values[chosen.inputs[0]].type.shape[1].fixed,
      let count = count.fixed, columns <= count
    else {
      throw failure(
        index, "a `choose` among at most \(count.fixed ?? 0) as operand \(operand)", "%\(chosen.name)")
    }
  }

  func verifyAttention(_ index: Int, _ attention: Attention) throws(PlanError) {
    let (q, kv) = (values[values[index].inputs[0]], values[values[index].inputs[1]])
    if values[index].inputs.count > 2, values[values[index].inputs[2]].place != .constant {
      throw failure(index, "a constant as operand 2", "%\(values[values[index].inputs[2]].name)")
    }
    switch kv.op {
    case .kvAppend:
      guard attention.visible == .causal, q.type.shape.first == .symbol("T"), q.type.rank == 2 else {
        throw failure(index, "causal attention of rows T over a cache", "\(q.type)")
      }
    case .kvPack:
      try verifyEntryRows(index, q.type)
    default: throw failure(index, "keys and values", kv.op.mnemonic)
    }
  }

  /// For an input of whole numbers, one more than the largest that its readers take: fixed, and rows of the call by the
  /// symbol that counts them.
  package func bound(ofInput name: String) -> (fixed: Int?, symbols: Set<String>) {
    var fixed: Int?
    var symbols: Set<String> = []
    for value in values {
      guard let operand = value.op.traits.indexOperand,
        case .input(name, _, _) = values[value.inputs[operand]].op
      else { continue }
      switch values[value.inputs[0]].type.shape.first {
      case .fixed(let rows)?: fixed = min(fixed ?? rows, rows)
      case .symbol(let symbol)?: symbols.insert(symbol)
      case nil: break
      }
    }
    return (fixed, symbols)
  }

  /// How many tokens there are: the smallest table that a token chooses from; nil where the plan reads no tokens.
  package var vocabularySize: Int? {
    inputs.first { $0.role == .token }.flatMap { bound(ofInput: $0.name).fixed }
  }
}
