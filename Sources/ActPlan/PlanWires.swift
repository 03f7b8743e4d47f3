import ActIR

extension Plan {
  /// Checks that each wire leads to an input that callers give, one wire to each.
  func verifyWires() throws(PlanError) {
    var wired: Set<String> = []
    for wire in wires {
      guard let input = inputs.first(where: { $0.name == wire.input }) else {
        throw PlanError(value: "wire \(wire.input)", expected: "an input of @\(name)", found: "none")
      }
      guard input.role.isGiven, input.type.dtype == .f32 else {
        throw PlanError(
          value: "wire \(wire.input)", expected: "an input of f32 that is given", found: "\(input.type)")
      }
      guard wired.insert(wire.input).inserted else {
        throw PlanError(value: "wire \(wire.input)", expected: "one wire", found: "two")
      }
    }
  }

  /// Checks that the wires of each of `modules` come from results of those before it, of the same type.
  package static func verifyWires(of modules: [Plan]) throws(PlanError) {
    for (index, module) in modules.enumerated() {
      for wire in module.wires {
        let place = "wire \(wire.input) of @\(module.name)"
        guard let input = module.inputs.first(where: { $0.name == wire.input }) else {
          throw PlanError(value: place, expected: "an input", found: "none")
        }
        let types = try wire.sources.map { (source) throws(PlanError) in
          try resultType(of: source, before: index, in: modules, place)
        }
        try wire.verify(types, for: input.type, place)
      }
    }
  }

  /// The type of a result that a wire of the module at `index` leads from.
  private static func resultType(
    of source: Wire.Source, before index: Int, in modules: [Plan], _ place: String
  ) throws(PlanError) -> TensorType {
    guard let module = modules[..<index].first(where: { $0.name == source.module }) else {
      throw PlanError(value: place, expected: "a module before it", found: "@\(source.module)")
    }
    guard let result = module.results.first(where: { $0.name == source.result }) else {
      throw PlanError(value: place, expected: "a result of @\(source.module)", found: source.result)
    }
    return module.values[result.value].type
  }
}

extension Wire {
  /// Checks that results of `types`, those of all sources, make an input of `type`.
  ///
  /// The rows of a text are those of a text, and an input of one row an entry takes the row that is chosen of each.
  fileprivate func verify(_ types: [TensorType], for type: TensorType, _ place: String) throws(PlanError) {
    func failure(_ found: String) -> PlanError { PlanError(value: place, expected: "\(type)", found: found) }
    guard onlySource == nil || types[0] != type else { return }
    guard type.dtype == .f32, type.rank == 2, let width = type.shape[1].fixed else {
      throw failure(types.map(\.description).joined(separator: ", "))
    }
    let symbols: [Dim] = type.shape[0] == .symbol("B") ? [.symbol("B"), .symbol("R")] : [.symbol("T")]
    guard type.shape[0] != .symbol("B") || parts.count == 1, !sources.isEmpty else {
      throw failure("\(parts.count) parts")
    }
    var rest = types[...]
    for part in parts {
      guard case .results(let sources) = part else { continue }
      let own = rest.prefix(sources.count)
      rest = rest.dropFirst(sources.count)
      var sum = 0
      for other in own {
        guard other.dtype == .f32, other.rank == 2, symbols.contains(other.shape[0]),
          let count = other.shape[1].fixed, count <= width - sum
        else { throw failure(own.map(\.description).joined(separator: ", ")) }
        sum += count
      }
      guard sum == width || parts.count > 1 && sum > 0 else {
        throw failure(own.map(\.description).joined(separator: ", "))
      }
    }
  }
}
