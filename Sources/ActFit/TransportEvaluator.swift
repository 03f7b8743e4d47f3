import ActFormats
import ActIR
import ActPasses
import ActPlan
import ActRuntime

/// Computes a transport function on rows of samples, at full strength, with the kernels that steps use.
struct TransportEvaluator {
  private let function: Graph
  private let evaluator: ConstantEvaluator

  /// - Returns: nil where the function has an op that only a step computes.
  init?(_ function: Graph, _ workers: ThreadPool) {
    for id in function.order where !function.inputs.contains(id) {
      guard function[id].op.traits.programs.contains(.compile) else { return nil }
    }
    self.function = function
    evaluator = ConstantEvaluator(pool: workers)
  }

  /// The transported rows: `x: [rows, width] -> [rows, width]`.
  func transported(_ x: [Float], width: Int, _ parameters: [String: MapParameter]) throws -> [Float] {
    var leaves = parameters
    leaves["x"] = MapParameter(x, shape: [x.count / width, width])
    leaves["strength"] = MapParameter(1)
    let program = try program(leaves)
    var result: [Float] = []
    // What the leaves are read from lives as long as the run.
    var blocks: [String: UnsafeMutableBufferPointer<Float>] = [:]
    defer { for block in blocks.values { block.deallocate() } }
    for (name, leaf) in leaves {
      blocks[name] = .allocate(capacity: leaf.values.count)
      _ = blocks[name]!.initialize(from: leaf.values)
    }
    try evaluator.run(program) { op in
      guard case .weight(let name) = op, let block = blocks[name] else {
        throw FitError("the transport reads `\(op.mnemonic)`, which the fit does not have")
      }
      return OwnedBytes(UnsafeRawBufferPointer(block))
    } sink: { _, value, _ in
      result = Array(value.bytes.bindMemory(to: Float.self))
    }
    return result
  }

  /// The function with its inputs as leaves of these shapes.
  private func program(_ leaves: [String: MapParameter]) throws -> CompileProgram {
    var program = CompileProgram()
    /// What the function's symbols stand for.
    var sizes: [Dim: Dim] = [:]
    var index: [ValueID: Int] = [:]
    for id in function.order {
      let node = function[id]
      var op = node.op
      var type = node.type
      if case .input(let name, _, _) = op {
        guard let leaf = leaves[name] else {
          throw FitError("the transport reads %\(name), which was not fitted")
        }
        op = .weight(name: name)
        for (dim, size) in zip(type.shape, leaf.type.shape) { sizes[dim] = size }
        type = leaf.type
      } else {
        if case .reshape(let shape) = op { op = .reshape(shape.map { sizes[$0] ?? $0 }) }
        let inputs = node.inputs.map { program.values[index[$0]!].type }
        do { type = try op.resultType(of: inputs) ?? type } catch {
          throw FitError("%\(node.name): expected \(error.expected), found \(error.found)")
        }
      }
      index[id] = program.values.count
      program.values.append(
        Plan.Value(
          name: node.name, op: op, inputs: node.inputs.map { index[$0]! }, type: type, site: nil,
          place: .constant))
    }
    program.outputs = [("y", index[function.results[0].value]!)]
    return program
  }
}
