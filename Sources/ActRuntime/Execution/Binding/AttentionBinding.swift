import ActIR
import ActKernels

extension Binder {
  func ropeTable(_ rope: RotaryEmbedding, positions: Location, _ out: Location) -> KernelTask {
    let half = rope.width / 2
    let frequencies = arguments.allocate(Double.self, count: half)
    for (index, frequency) in rope.frequencies.enumerated() { frequencies[index] = frequency }
    let args = act_rope_table_args(
      out: out.floats, positions: positions.integers, frequencies: UnsafePointer(frequencies),
      rows: 0, half: Int32(half), scale: Float(rope.amplitude))
    return task(act_rope_table, args, rows: \.rows, out)
  }

  func relativeRows(_ distance: Int, _ table: Location, _ out: Location) -> KernelTask {
    let buckets = RelativeBuckets(count: table.rows.factor, distance: distance)
    let indices = arguments.allocate(Int32.self, count: 2 * distance + 1)
    for position in -distance...distance { indices[distance + position] = Int32(buckets[position]) }
    let args = act_take_rows_args(
      out: out.floats, out_row_stride: out.rowStride, table: UnsafeRawPointer(table.base),
      table_row_stride: table.rowStride, dtype: table.dtype.kernelType, indices: UnsafePointer(indices),
      rows: 0, columns: Int32(out.columns))
    return task(act_take_rows, args, rows: \.rows, out)
  }

  func rope(
    _ headWidth: Int, _ pairs: RotaryPairs, _ x: Location, table: Location, _ out: Location
  ) -> KernelTask {
    let args = act_rope_args(
      out: out.floats, out_row_stride: out.rowStride, x: UnsafePointer(x.floats), x_row_stride: x.rowStride,
      table: UnsafePointer(table.floats), rows: 0, heads: Int32(out.columns / headWidth),
      head_width: Int32(headWidth), half: Int32(table.columns / 2),
      interleaved: pairs == .interleaved ? 1 : 0)
    return task(act_rope, args, rows: \.rows, out)
  }

  /// Writes keys and values where attention reads them.
  func keep(_ keyValues: KeyValues, _ inputs: [Location], _ out: Location) -> KernelTask {
    guard let rows = context.rows?.places(of: inputs[0].type.rowKind), let table = out.keyValues else {
      preconditionFailure("verified")
    }
    let args = act_cache_append_args(
      k: UnsafePointer(inputs[0].floats), v: UnsafePointer(inputs[1].floats),
      k_row_stride: inputs[0].rowStride, v_row_stride: inputs[1].rowStride,
      keys: UnsafePointer(table.keys), values: UnsafePointer(table.values),
      entries: UnsafePointer(rows.entries), positions: UnsafePointer(rows.positions), rows: 0,
      kv_heads: Int32(keyValues.heads), head_width: Int32(keyValues.headWidth),
      cache_dtype: keyValues.element.kernelType, ring: table.ring)
    return task(act_cache_append, args, rows: \.rows, inputs[0])
  }

  func attention(_ attention: Attention, _ inputs: [Location], _ out: Location) -> KernelTask {
    let (q, kv, bias) = (inputs[0], inputs[1], inputs.dropFirst(2).first)
    guard let rows = context.rows?.places(of: q.type.rowKind), let table = kv.keyValues,
      let element = kv.dtype.keyValueElement,
      let heads = kv.type.shape[kv.type.rank - 2].fixed, let width = kv.type.shape.last?.fixed,
      let begins = rows.begins.first(where: { $0.window == attention.window }),
      let ends = attention.visible == .causal ? rows.ends : kv.type.rowKind.flatMap({ rows.entryEnds[$0] })
    else { preconditionFailure("verified") }
    let args = act_attention_args(
      out: out.floats, out_row_stride: out.rowStride, q: UnsafePointer(q.floats),
      q_row_stride: q.rowStride, keys: UnsafePointer(table.keys), values: UnsafePointer(table.values),
      entries: UnsafePointer(rows.entries), begins: UnsafePointer(begins.positions),
      ends: UnsafePointer(ends), rows: 0, heads: Int32(out.columns / width), kv_heads: Int32(heads),
      head_width: Int32(width), cache_dtype: element.kernelType, ring: table.ring, scale: attention.scale,
      soft_cap: attention.softCap, bias: bias.map { UnsafePointer($0.floats) },
      positions: UnsafePointer(rows.positions), bias_radius: Int32((bias?.columns ?? 1) / 2),
      scratch: context.scratch?.assumingMemoryBound(to: Float.self),
      scratch_per_worker: context.scratchPerWorker / 4)
    return task(act_attention, args, rows: \.rows, out)
  }
}
