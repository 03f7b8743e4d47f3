import ActIR

// What is computed once for the steps of a prompt: from what, and where steps find it.

extension Plan {
  /// Checks that a value of the prompt depends on inputs of the prompt alone, and that steps do not write it.
  func verifyPrompt(_ index: Int) throws(PlanError) {
    for input in values[index].inputs where values[input].place == .call {
      guard case .input(_, _, .prompt) = values[input].op else {
        throw failure(index, "inputs of the prompt", "%\(values[input].name) of the step")
      }
    }
  }

  /// Checks that what is kept of a prompt has bytes of its own.
  func verifyKept() throws(PlanError) {
    let placed = prompt.compactMap { index in
      if case .prompt(let offset) = values[index].place { (index: index, offset: offset) } else { nil }
    }.sorted { ($0.offset, $0.index) < ($1.offset, $1.index) }
    for (one, next) in zip(placed, placed.dropFirst())
    where one.offset + (byteCount(values[one.index].type) ?? 0) > next.offset {
      throw failure(next.index, "bytes of its own", "those of %\(values[one.index].name)")
    }
  }

  /// Whether a step finds a value where it lies: of those of the prompt, what is kept, and views of that or of an input.
  func isKept(_ index: Int, _ buffers: BufferMap) -> Bool {
    let owner = buffers.owner[index]
    guard prompt.contains(owner) else { return true }
    if case .prompt = values[owner].place { return true }
    return false
  }
}
