import ActIR
import ActKernels

/// What the kernels of a step share: the rows' slots, sequences and positions, and the caches.
struct StepContext {
  /// The slot of each row, by the symbol that counts the rows.
  var slots: [String: UnsafeMutablePointer<Int32>] = [:]
  var sequences: UnsafeMutablePointer<Int32>?
  var positions: UnsafeMutablePointer<Int32>?
  /// The span of positions that each row attends to; its beginning by the attention's window.
  var begins: [(window: Int, positions: UnsafeMutablePointer<Int32>)] = []
  var ends: UnsafeMutablePointer<Int32>?
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

  /// A call of a kernel, whose rows are those of `out`.
  private func task<Arguments: BitwiseCopyable>(
    _ function: ThreadPool.Task, _ arguments: Arguments, rows path: KeyPath<Arguments, Int32>?,
    _ out: Location
  ) -> KernelTask {
    let arguments = self.arguments.store(arguments)
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
    let args = act_elementwise_args(
      out: out.floats, out_row_stride: out.rowStride, rows: 0, columns: Int32(out.columns),
      slots: slots(out), rows_per_slot: 1, expr: act_expr(body), inputs: act_operands(inputs))
    return task(act_elementwise, args, rows: \.rows, out)
  }

  private mutating func linear(
    _ x: Location, _ w: Location, epilogue: Expression, _ operands: [Location], _ out: Location
  ) -> [KernelTask] {
    let (dtype, k) = (w.dtype.kernelType, Int32(w.columns))
    // Some kernels read rows that are packed first, by all workers for all; most pack a single row themselves.
    let isPackedFirst = act_linear_scratch(dtype, 2, k) > 0
    let args = act_linear_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      w: UnsafeRawPointer(w.base), w_dtype: dtype, rows: 0, n: Int32(out.columns), k: k, slots: slots(out),
      rows_per_slot: 1,
      epilogue: act_expr(epilogue), inputs: act_operands(operands, from: 1),
      packed_x: isPackedFirst ? context.packedRows : nil)
    let product = task(act_linear, args, rows: \.rows, out)
    guard isPackedFirst else { return [product] }
    let rows = PackedRows(
      base: x.base, rowStride: x.rowStride, rows: out.rows, weights: w.dtype, columns: w.columns)
    // Layers that read the same rows one after another, as gate and up, have them packed once.
    defer { packed = out.base == x.base ? nil : rows }
    if packed == rows { return [product] }
    var packing = task(act_pack_rows, args, rows: \.rows, out)
    packing.leastRows = act_linear_scratch(dtype, 1, k) > 0 ? 1 : 2
    return [packing, product]
  }

  private func norm(
    _ function: ThreadPool.Task, _ eps: Float, _ inputs: [Location], _ out: Location
  ) -> KernelTask {
    let args = act_norm_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(inputs[0].floats),
      x_row_stride: inputs[0].rowStride, rows: 0, columns: Int32(out.columns), eps: eps, slots: slots(out),
      rows_per_slot: 1, gain: inputs[1].kernelOperand,
      bias: inputs.count == 3 ? inputs[2].kernelOperand : act_operand())
    return task(function, args, rows: \.rows, out)
  }

  private func ropeTable(_ rope: RotaryEmbedding, _ out: Location) -> KernelTask {
    let half = rope.width / 2
    let frequencies = arguments.allocate(Double.self, count: half)
    for (index, frequency) in rope.frequencies.enumerated() { frequencies[index] = frequency }
    let args = act_rope_table_args(
      out: out.floats, positions: UnsafePointer(context.positions), frequencies: UnsafePointer(frequencies),
      rows: 0, half: Int32(half), scale: 1)
    return task(act_rope_table, args, rows: \.rows, out)
  }

  private func rope(_ headWidth: Int, _ x: Location, table: Location, _ out: Location) -> KernelTask {
    let args = act_rope_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      table: UnsafePointer(table.floats), rows: 0, heads: Int32(out.columns / headWidth),
      head_width: Int32(headWidth), half: Int32(table.columns / 2))
    return task(act_rope, args, rows: \.rows, out)
  }

  private func attention(_ attention: Attention, _ inputs: [Location], _ out: Location) -> [KernelTask] {
    let (keys, values) = (context.keys[attention.cache], context.values[attention.cache])
    let begins = context.begins.first { $0.window == attention.window }
    let append = act_cache_append_args(
      k: UnsafePointer(inputs[1].floats), v: UnsafePointer(inputs[2].floats),
      k_row_stride: inputs[1].rowStride, v_row_stride: inputs[2].rowStride, keys: UnsafePointer(keys),
      values: UnsafePointer(values), entries: UnsafePointer(context.sequences),
      positions: UnsafePointer(context.positions), rows: 0, kv_heads: Int32(attention.keyValueHeads),
      head_width: Int32(attention.headWidth), cache_dtype: context.cacheType.kernelType)
    let args = act_attention_args(
      out: out.floats, out_row_stride: out.rowStride, q: UnsafePointer(inputs[0].floats),
      q_row_stride: inputs[0].rowStride, keys: UnsafePointer(keys), values: UnsafePointer(values),
      entries: UnsafePointer(context.sequences), begins: begins.map { UnsafePointer($0.positions) },
      ends: UnsafePointer(context.ends), rows: 0,
      heads: Int32(attention.heads), kv_heads: Int32(attention.keyValueHeads),
      head_width: Int32(attention.headWidth), cache_dtype: context.cacheType.kernelType,
      scale: attention.scale, soft_cap: attention.softCap,
      scratch: context.scratch, scratch_per_worker: context.scratchPerWorker)
    return [
      task(act_cache_append, append, rows: \.rows, inputs[1]), task(act_attention, args, rows: \.rows, out),
    ]
  }

  private func takeRows(table: Location, indices: Location, _ out: Location) -> KernelTask {
    let args = act_take_rows_args(
      out: out.floats, out_row_stride: out.rowStride, table: UnsafeRawPointer(table.base),
      table_row_stride: table.rowStride, dtype: table.dtype.kernelType,
      indices: UnsafePointer(indices.base.assumingMemoryBound(to: Int32.self)), rows: 0,
      columns: Int32(out.columns))
    return task(act_take_rows, args, rows: \.rows, out)
  }

  private func scale(_ function: ThreadPool.Task, _ inputs: [Location], _ out: Location) -> KernelTask {
    let args = act_scale_args(
      out: out.floats, w: UnsafeRawPointer(inputs[0].base), w_dtype: inputs[0].dtype.kernelType,
      s: UnsafePointer(inputs[1].floats), n: 0, k: Int32(out.columns))
    return task(function, args, rows: \.n, out)
  }

  private func pack(_ input: Location, _ out: Location) -> KernelTask {
    let args = act_pack_args(
      out: out.base, out_dtype: out.dtype.kernelType, w: UnsafeRawPointer(input.base),
      w_dtype: input.dtype.kernelType, n: 0, k: Int32(out.columns))
    return task(act_pack, args, rows: \.n, out)
  }

  private func cast(_ input: Location, _ out: Location) -> KernelTask {
    cast(input.base, input.dtype, to: out.base, out, count: out.fixedCount)
  }

  private func cast(
    _ input: UnsafeMutableRawPointer, _ from: DType, to address: UnsafeMutableRawPointer, _ out: Location,
    count: Int
  ) -> KernelTask {
    let args = act_cast_args(
      out: address, in: UnsafeRawPointer(input), out_dtype: out.dtype.kernelType, in_dtype: from.kernelType,
      count: Int64(count))
    return task(act_cast, args, rows: nil, out)
  }

  private func concat(_ inputs: [Location], _ out: Location) -> [KernelTask] {
    var offset = 0
    return inputs.map { input in
      let task = cast(
        input.base, input.dtype, to: out.base + offset * (out.dtype.byteWidth ?? 0), out,
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
