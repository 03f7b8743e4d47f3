import ActIR
import ActKernels

/// What the kernels of a step share: the rows, and memory to work in.
struct StepContext {
  /// The slot of each row, by the place among the plan's limits of the symbol that counts the rows.
  var slots: [Int: UnsafeMutablePointer<Int32>] = [:]
  var rows: RowBuffers?
  var scratch: UnsafeMutableRawPointer?
  /// In bytes, a multiple of 64.
  var scratchPerWorker = 0
  /// Where the rows that a linear layer reads are packed.
  var packedRows: UnsafeMutableRawPointer?
}

/// Turns ops with located operands into kernel tasks: the one place that knows which kernel computes what.
///
/// A line an op; how the arguments are filled stands beside it, in a file a family of kernels.
struct Binder {
  let arguments: TaskArguments
  var context = StepContext()
  /// What `context.packedRows` holds once the tasks so far have run.
  var packed: PackedRows?

  init(arguments: TaskArguments) { self.arguments = arguments }

  /// The tasks that compute `op` into `out`. They must run in the order in which this function returned them.
  mutating func tasks(_ op: Op, _ inputs: [Location], out: Location) -> [KernelTask] {
    switch op {
    case .unary, .binary, .select, .affine, .fused: [elementwise(op.traits.elementwise!, inputs, out)]
    case .linear: linear(inputs, out)
    case .linearEpilogue(let body): linear(inputs[0], inputs[1], epilogue: body, inputs.dropFirst(2), out)
    case .choose(let count): [choose(count, inputs[0], out)]
    case .takeChannels: [takeChannels(inputs[0], chosen: inputs[1], out)]
    case .expertLinear: [expertLinear(inputs[0], inputs[1], chosen: inputs[2], out)]
    case .weightedSum: [weightedSum(inputs[0], weights: inputs[1], out)]
    case .conv(let windows): [conv(windows, inputs, op.epilogue(operandCount: inputs.count)!, out)]
    case .convEpilogue(let windows, let body): [conv(windows, inputs, body, out)]
    case .upsampleNearest: [upsample(inputs[0], out)]
    case .averagePool(let pooling): [averagePool(pooling, inputs[0], out)]
    case .moments: [moments(inputs[0], out)]
    case .pixelMean: [out.type.isImages ? averageOfAll(inputs[0], out) : copy(inputs[0], out)]
    case .matvec: linear(inputs[1], inputs[0], epilogue: .identity, [], out)
    case .rmsNorm(let eps): [norm(act_rms_norm, eps, inputs, out)]
    case .layerNorm(let eps): [norm(act_layer_norm, eps, inputs, out)]
    case .reduce(let function): [reduce(function, inputs[0], out)]
    case .softmax: [softmax(inputs[0], out)]
    case .interpolate: [interpolate(inputs[0], knots: inputs[1], values: inputs[2], out)]
    case .sinusoids(let sinusoids): [self.sinusoids(sinusoids, inputs[0], out)]
    case .ropeTable(let rope): [ropeTable(rope, positions: inputs[0], out)]
    case .rope(let headWidth, let pairs): [rope(headWidth, pairs, inputs[0], table: inputs[1], out)]
    case .kvAppend(let keyValues, _), .kvPack(let keyValues): [keep(keyValues, inputs, out)]
    case .attention(let attention): [self.attention(attention, inputs, out)]
    case .relativeRows(let distance): [relativeRows(distance, inputs[0], out)]
    case .embedding, .takeRows: [takeRows(table: inputs[0], indices: inputs[1], out)]
    case .joinRows: joinRows(text: inputs[0], image: inputs[1], out)
    case .partRows: [partRows(of: inputs[0], out)]
    case .slice(let slice): [self.slice(slice, inputs[0], out)]
    case .concat(let axis): concat(axis, inputs, out)
    case .reshape: [copy(inputs[0], out)]
    case .scaleRows: [scale(act_scale_rows, inputs, out)]
    case .scaleColumns: [scale(act_scale_columns, inputs, out)]
    case .permute(let axes): [permute(axes, inputs[0], out)]
    case .stack: inputs.enumerated().map { stack($1, at: $0, out) }
    case .cast: [cast(inputs[0], out)]
    case .pack: pack(inputs[0], out)
    case .input, .weight, .mapParameter, .constant, .dial, .gateBound: []
    }
  }

  /// A call of a kernel, whose rows are those of `out`, or blocks of `rowsPerBlock` of them.
  func task<Arguments: BitwiseCopyable>(
    _ function: ThreadPool.Task, _ arguments: Arguments, rows path: KeyPath<Arguments, Int32>?,
    _ out: Location, rowsPerBlock: Int = 1
  ) -> KernelTask {
    let arguments = self.arguments.store(arguments)
    let rows = path.map { arguments.field($0) }
    let count = RowCount(symbol: out.rows.symbol, factor: out.rows.factor / rowsPerBlock)
    rows?.pointee = Int32(count.factor)
    return KernelTask(
      function: function, arguments: arguments, rows: count.symbol == nil ? nil : rows, count: count)
  }

  /// The slot of each of the rows that the call counts, and how many rows of `out` each stands for.
  func slots(_ out: Location) -> (slots: UnsafePointer<Int32>?, rowsPerSlot: Int32) {
    (out.rows.symbol.flatMap { context.slots[$0] }.map { UnsafePointer($0) }, Int32(out.rows.factor))
  }
}
