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
        guard let source = modules[..<index].first(where: { $0.name == wire.module }) else {
          throw PlanError(value: place, expected: "a module before it", found: "@\(wire.module)")
        }
        guard let result = source.results.first(where: { $0.name == wire.result }) else {
          throw PlanError(value: place, expected: "a result of @\(wire.module)", found: wire.result)
        }
        let type = source.values[result.value].type
        let input = module.inputs.first { $0.name == wire.input }
        guard type == input?.type else {
          throw PlanError(value: place, expected: input.map { "\($0.type)" } ?? "an input", found: "\(type)")
        }
      }
    }
  }
}
