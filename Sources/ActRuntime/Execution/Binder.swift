import ActIR
import ActKernels

/// What the kernels of a step share: the rows' slots, sequences and positions, and the caches.
struct StepContext {
  /// The slot of each row, by the symbol that counts the rows.
  var slots: [String: UnsafeMutablePointer<Int32>] = [:]
  var sequences: UnsafeMutablePointer<Int32>?
  var positions: UnsafeMutablePointer<Int32>?
  /// For each cache, the keys and the values of every sequence.
  var keys: [UnsafeMutablePointer<UnsafeMutableRawPointer?>] = []
  var values: [UnsafeMutablePointer<UnsafeMutableRawPointer?>] = []
  var cacheType = DType.f32
  var scratch: UnsafeMutablePointer<Float>?
  var scratchPerWorker = 0
  /// Where the rows that a linear layer reads are packed.
  var packedRows: UnsafeMutableRawPointer?
}

/// Turns ops with located operands into kernel tasks: the one place that knows which kernel computes what.
struct Binder {
  let arguments: TaskArguments
  var context = StepContext()

  /// What `context.packedRows` holds once the tasks so far have run.
  private var packed: PackedRows?

  private struct PackedRows: Equatable {
    var base: UnsafeMutableRawPointer
    var rowStride: Int
    var rows: RowCount?
    var weights: DType
    var columns: Int
  }

  init(arguments: TaskArguments) { self.arguments = arguments }

  /// The tasks that compute `op` into `out`. They must run in the order in which this function returned them.
  mutating func tasks(_ op: Op, _ inputs: [Location], out: Location) -> [KernelTask] {
    let earlier = packed
    packed = nil
    switch op {
    case .linear, .linearEpilogue: packed = earlier
    default: break
    }
    return switch op {
    case .unary, .binary, .select, .affine, .fused: [elementwise(op.elementwiseBody!, inputs, out)]
    case .linear:
      linear(
        inputs[0], inputs[1], epilogue: inputs.count == 3 ? .addition : .identity,
        Array(inputs.dropFirst(2)), out)
    case .linearEpilogue(let body):
      linear(inputs[0], inputs[1], epilogue: body, Array(inputs.dropFirst(2)), out)
    case .matvec: linear(inputs[1].asRow, inputs[0], epilogue: .identity, [], out.asRow)
    case .rmsNorm(let eps): [norm(act_rms_norm, eps, inputs, out)]
    case .layerNorm(let eps): [norm(act_layer_norm, eps, inputs, out)]
    case .ropeTable(let rope): [ropeTable(rope, out)]
    case .rope(let headWidth): [rope(headWidth, inputs[0], table: inputs[1], out)]
    case .attention(let attention): self.attention(attention, inputs, out)
    case .embedding: [takeRows(table: inputs[0], indices: inputs[1], out)]
    case .takeRows: [takeRows(table: inputs[0], indices: inputs[1], out)]
    case .scaleRows: [scale(act_scale_rows, inputs, out)]
    case .scaleColumns: [scale(act_scale_columns, inputs, out)]
    case .cast: [cast(inputs[0], out)]
    case .pack: [pack(inputs[0], out)]
    case .concat: concat(inputs, out)
    case .input, .weight, .mapParameter, .constant, .dial, .slice: []
    }
  }

  private func task<Arguments>(
    _ function: ThreadPool.Task, _ arguments: UnsafeMutablePointer<Arguments>,
    rows path: KeyPath<Arguments, Int32>?, _ out: Location
  ) -> KernelTask {
    var rows: UnsafeMutablePointer<Int32>?
    var symbol = ""
    if let path {
      rows = arguments.field(path)
      switch out.rows {
      case .fixed(let count): rows?.pointee = Int32(count)
      case .symbol(let name): symbol = name
      case nil: rows?.pointee = 1
      }
    }
    return KernelTask(
      function: function, arguments: arguments, rows: symbol.isEmpty ? nil : rows, symbol: symbol)
  }

  private func slots(_ out: Location) -> UnsafePointer<Int32>? {
    if case .symbol(let name)? = out.rows, let slots = context.slots[name] {
      UnsafePointer(slots)
    } else {
      nil
    }
  }

  private func elementwise(_ body: Expression, _ inputs: [Location], _ out: Location) -> KernelTask {
    let args = arguments.allocate(act_elementwise_args.self)
    args.pointee.out = out.floats
    args.pointee.out_row_stride = out.rowStride
    args.pointee.columns = Int32(out.columns)
    args.pointee.slots = slots(out)
    args.pointee.expr = act_expr(body)
    fill(args.field(\.inputs), inputs)
    return task(act_elementwise, args, rows: \.rows, out)
  }

  /// Fills an array of operands, which Swift sees as a tuple, beginning at its element `first`.
  private func fill<Tuple>(_ tuple: UnsafeMutablePointer<Tuple>, _ operands: [Location], from first: Int = 0)
  {
    precondition(first + operands.count <= MemoryLayout<Tuple>.size / MemoryLayout<act_operand>.stride)
    let slots = UnsafeMutableRawPointer(tuple).assumingMemoryBound(to: act_operand.self)
    for (index, operand) in operands.enumerated() { slots[first + index] = operand.kernelOperand }
  }

  private mutating func linear(
    _ x: Location, _ w: Location, epilogue: Expression, _ operands: [Location], _ out: Location
  ) -> [KernelTask] {
    let args = arguments.allocate(act_linear_args.self)
    args.pointee.out = out.floats
    args.pointee.out_row_stride = out.rowStride
    args.pointee.x = UnsafePointer(x.floats)
    args.pointee.x_row_stride = x.rowStride
    args.pointee.w = UnsafeRawPointer(w.base)
    args.pointee.w_dtype = w.dtype.kernelType
    args.pointee.n = Int32(out.columns)
    args.pointee.k = Int32(w.columns)
    args.pointee.slots = slots(out)
    args.pointee.epilogue = act_expr(epilogue)
    fill(args.field(\.inputs), operands, from: 1)
    let product = task(act_linear, args, rows: \.rows, out)
    // Some kernels read rows that are packed first, by all workers for all; most pack a single row themselves.
    guard act_linear_scratch(args.pointee.w_dtype, 2, args.pointee.k) > 0 else { return [product] }
    args.pointee.packed_x = context.packedRows
    let rows = PackedRows(
      base: x.base, rowStride: x.rowStride, rows: out.rows, weights: w.dtype, columns: w.columns)
    // Layers that read the same rows one after another, as gate and up, have them packed once.
    defer { packed = out.base == x.base ? nil : rows }
    if packed == rows { return [product] }
    var packing = task(act_pack_rows, args, rows: \.rows, out)
    packing.leastRows = act_linear_scratch(args.pointee.w_dtype, 1, args.pointee.k) > 0 ? 1 : 2
    return [packing, product]
  }

  private func norm(
    _ function: ThreadPool.Task, _ eps: Float, _ inputs: [Location], _ out: Location
  ) -> KernelTask {
    let args = arguments.allocate(act_norm_args.self)
    args.pointee.out = out.floats
    args.pointee.out_row_stride = out.rowStride
    args.pointee.x = UnsafePointer(inputs[0].floats)
    args.pointee.x_row_stride = inputs[0].rowStride
    args.pointee.columns = Int32(out.columns)
    args.pointee.eps = eps
    args.pointee.slots = slots(out)
    args.pointee.gain = inputs[1].kernelOperand
    if inputs.count == 3 { args.pointee.bias = inputs[2].kernelOperand }
    return task(function, args, rows: \.rows, out)
  }

  private func ropeTable(_ rope: RotaryEmbedding, _ out: Location) -> KernelTask {
    let half = rope.width / 2
    let frequencies = arguments.allocate(Double.self, count: half)
    for (index, frequency) in rope.frequencies.enumerated() { frequencies[index] = frequency }
    let args = arguments.allocate(act_rope_table_args.self)
    args.pointee.out = out.floats
    args.pointee.positions = UnsafePointer(context.positions)
    args.pointee.frequencies = UnsafePointer(frequencies)
    args.pointee.half = Int32(half)
    args.pointee.scale = 1
    return task(act_rope_table, args, rows: \.rows, out)
  }

  private func rope(_ headWidth: Int, _ x: Location, table: Location, _ out: Location) -> KernelTask {
    let args = arguments.allocate(act_rope_args.self)
    args.pointee.out = out.floats
    args.pointee.out_row_stride = out.rowStride
    args.pointee.x = UnsafePointer(x.floats)
    args.pointee.x_row_stride = x.rowStride
    args.pointee.table = UnsafePointer(table.floats)
    args.pointee.heads = Int32(out.columns / headWidth)
    args.pointee.head_width = Int32(headWidth)
    args.pointee.half = Int32(table.columns / 2)
    return task(act_rope, args, rows: \.rows, out)
  }

  private func attention(_ attention: Attention, _ inputs: [Location], _ out: Location) -> [KernelTask] {
    let append = arguments.allocate(act_cache_append_args.self)
    append.pointee.k = UnsafePointer(inputs[1].floats)
    append.pointee.v = UnsafePointer(inputs[2].floats)
    append.pointee.k_row_stride = inputs[1].rowStride
    append.pointee.v_row_stride = inputs[2].rowStride
    append.pointee.keys = UnsafePointer(context.keys[attention.cache])
    append.pointee.values = UnsafePointer(context.values[attention.cache])
    append.pointee.sequences = UnsafePointer(context.sequences)
    append.pointee.positions = UnsafePointer(context.positions)
    append.pointee.kv_heads = Int32(attention.keyValueHeads)
    append.pointee.head_width = Int32(attention.headWidth)
    append.pointee.cache_dtype = context.cacheType.kernelType

    let args = arguments.allocate(act_attention_args.self)
    args.pointee.out = out.floats
    args.pointee.out_row_stride = out.rowStride
    args.pointee.q = UnsafePointer(inputs[0].floats)
    args.pointee.q_row_stride = inputs[0].rowStride
    args.pointee.keys = UnsafePointer(context.keys[attention.cache])
    args.pointee.values = UnsafePointer(context.values[attention.cache])
    args.pointee.sequences = UnsafePointer(context.sequences)
    args.pointee.positions = UnsafePointer(context.positions)
    args.pointee.heads = Int32(attention.heads)
    args.pointee.kv_heads = Int32(attention.keyValueHeads)
    args.pointee.head_width = Int32(attention.headWidth)
    args.pointee.cache_dtype = context.cacheType.kernelType
    args.pointee.window = Int32(attention.window)
    args.pointee.scale = attention.scale
    args.pointee.soft_cap = attention.softCap
    args.pointee.scratch = context.scratch
    args.pointee.scratch_per_worker = context.scratchPerWorker
    return [
      task(act_cache_append, append, rows: \.rows, inputs[1]), task(act_attention, args, rows: \.rows, out),
    ]
  }

  private func takeRows(table: Location, indices: Location, _ out: Location) -> KernelTask {
    let args = arguments.allocate(act_take_rows_args.self)
    args.pointee.out = out.floats
    args.pointee.out_row_stride = out.rowStride
    args.pointee.table = UnsafeRawPointer(table.base)
    args.pointee.table_row_stride = table.rowStride
    args.pointee.dtype = table.dtype.kernelType
    args.pointee.indices = UnsafePointer(indices.base.assumingMemoryBound(to: Int32.self))
    args.pointee.columns = Int32(out.columns)
    return task(act_take_rows, args, rows: \.rows, out)
  }

  private func scale(_ function: ThreadPool.Task, _ inputs: [Location], _ out: Location) -> KernelTask {
    let args = arguments.allocate(act_scale_args.self)
    args.pointee.out = out.floats
    args.pointee.w = UnsafeRawPointer(inputs[0].base)
    args.pointee.w_dtype = inputs[0].dtype.kernelType
    args.pointee.s = UnsafePointer(inputs[1].floats)
    args.pointee.k = Int32(out.columns)
    return task(function, args, rows: \.n, out)
  }

  private func pack(_ input: Location, _ out: Location) -> KernelTask {
    let args = arguments.allocate(act_pack_args.self)
    args.pointee.out = out.base
    args.pointee.out_dtype = out.dtype.kernelType
    args.pointee.w = UnsafeRawPointer(input.base)
    args.pointee.w_dtype = input.dtype.kernelType
    args.pointee.k = Int32(out.columns)
    return task(act_pack, args, rows: \.n, out)
  }

  private func cast(_ input: Location, _ out: Location) -> KernelTask {
    cast(input.base, input.dtype, to: out.base, out.dtype, count: out.fixedCount)
  }

  private func cast(
    _ input: UnsafeMutableRawPointer, _ from: DType, to out: UnsafeMutableRawPointer, _ dtype: DType,
    count: Int
  ) -> KernelTask {
    let args = arguments.allocate(act_cast_args.self)
    args.pointee.out = out
    args.pointee.in = UnsafeRawPointer(input)
    args.pointee.out_dtype = dtype.kernelType
    args.pointee.in_dtype = from.kernelType
    args.pointee.count = Int64(count)
    return KernelTask(function: act_cast, arguments: args, rows: nil, symbol: "")
  }

  private func concat(_ inputs: [Location], _ out: Location) -> [KernelTask] {
    var offset = 0
    return inputs.map { input in
      let task = cast(
        input.base, input.dtype, to: out.base + offset * (out.dtype.byteWidth ?? 0), out.dtype,
        count: input.fixedCount)
      offset += input.fixedCount
      return task
    }
  }
}

extension Location {
  /// A vector as a matrix of one row.
  fileprivate var asRow: Location {
    var row = self
    row.rows = .fixed(1)
    return row
  }

  /// Elements of a value of fixed size.
  fileprivate var fixedCount: Int {
    if case .fixed(let rows) = rows { rows * columns } else { columns }
  }
}

extension Expression {
  fileprivate static let identity = Expression(inputCount: 1, instructions: [])
  fileprivate static let addition = Expression(
    inputCount: 2, instructions: [.init(.binary(.add), [.input(0), .input(1)])])
}
