import ActIR
import ActPasses
import ActPlan
import ActRuntime

/// Computes a transport function on rows of samples, at full strength, with the kernels that steps use.
struct TransportEvaluator {
  private let function: Graph
  private let evaluator: ConstantEvaluator

  /// - Returns: nil where the function has ops that are known in steps only, as a slice.
  init?(_ function: Graph, _ workers: ThreadPool) {
    for id in function.order {
      switch function[id].op {
      case .input, .constant, .unary, .binary, .select, .affine, .fused, .rmsNorm, .layerNorm: break
      default: return nil
      }
    }
    self.function = function
    evaluator = ConstantEvaluator(pool: workers)
  }

  /// The transported rows: `x: [rows, width]`, each of `parameters` `[width]` -> `[rows, width]`.
  func transported(_ x: [Float], width: Int, _ parameters: [String: [Float]]) throws -> [Float] {
    var leaves = parameters
    leaves["x"] = x
    leaves["strength"] = [1]
    let program = try program(rows: x.count / width, width: width)
    var result: [Float] = []
    // What the leaves are read from lives as long as the run.
    var blocks: [String: UnsafeMutableBufferPointer<Float>] = [:]
    defer { for block in blocks.values { block.deallocate() } }
    for (name, values) in leaves {
      blocks[name] = .allocate(capacity: values.count)
      _ = blocks[name]!.initialize(from: values)
    }
    try evaluator.run(program) { op in
      guard case .weight(let name) = op, let block = blocks[name] else {
        throw FitError("the transport reads `\(op.mnemonic)`, which the fit does not have")
      }
      return UnsafeRawBufferPointer(block)
    } sink: { _, bytes, _ in
      result = Array(bytes.bindMemory(to: Float.self))
    }
    return result
  }

  /// The function with its inputs as leaves, for `rows` rows of `width` channels.
  private func program(rows: Int, width: Int) throws -> CompileProgram {
    var program = CompileProgram()
    var index: [ValueID: Int] = [:]
    for id in function.order {
      let node = function[id]
      var op = node.op
      var type = node.type
      if case .input(let name, _) = op {
        op = .weight(name: name)
        let sizes: [Dim] = name == "x" ? [.fixed(rows), .fixed(width)] : [.fixed(width)]
        if !type.shape.isEmpty { type = TensorType(type.dtype, sizes) }
      } else {
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
