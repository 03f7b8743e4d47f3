import ActIR
import ActKernels

extension Binder {
  /// Rows of a table, or what lies after a first index of any value.
  func takeRows(table: Location, indices: Location, _ out: Location) -> KernelTask {
    let perIndex = table.type.rank > 2 ? table.rows.factor / (table.type.shape[0].fixed ?? 1) : 1
    let args = act_take_rows_args(
      out: out.floats, out_row_stride: out.rowStride * perIndex, table: UnsafeRawPointer(table.base),
      table_row_stride: table.rowStride * perIndex, dtype: table.dtype.kernelType,
      indices: indices.integers, rows: 0, columns: Int32(out.columns * perIndex))
    return task(act_take_rows, args, rows: \.rows, indices)
  }

  func joinRows(text: Location, image: Location, _ out: Location) -> [KernelTask] {
    [text, image].map { part in
      let args = act_copy_rows_args(
        out: out.base, out_stride: out.rowStride, out_rows: rows(of: part, in: out),
        in: UnsafeRawPointer(part.base), in_stride: part.rowStride, in_rows: nil, rows: 0,
        length: Int32(part.columns))
      return task(act_copy_rows, args, rows: \.rows, part)
    }
  }

  func partRows(of x: Location, _ out: Location) -> KernelTask {
    let args = act_copy_rows_args(
      out: out.base, out_stride: out.rowStride, out_rows: nil, in: UnsafeRawPointer(x.base),
      in_stride: x.rowStride, in_rows: rows(of: out, in: x), rows: 0, length: Int32(out.columns))
    return task(act_copy_rows, args, rows: \.rows, out)
  }

  /// Where each row of a part is among joined ones.
  private func rows(of part: Location, in joined: Location) -> UnsafePointer<Int32>? {
    guard let rows = context.rows?.rows(of: part.type.rowKind, in: joined.type.rowKind) else {
      preconditionFailure("verified")
    }
    return UnsafePointer(rows)
  }

  func slice(_ slice: Slice, _ x: Location, _ out: Location) -> KernelTask {
    let axis = slice.axis ?? x.type.rank - 1
    return copy(
      from: x, offset: slice.start, along: axis, to: out, offset: 0, count: slice.count)
  }

  func concat(_ axis: Int, _ inputs: [Location], _ out: Location) -> [KernelTask] {
    // Weights of the file's own types are widened on the way; all others are copied as they are.
    if axis == 0 { return join(inputs, out) }
    var offset = 0
    return inputs.map { input in
      let count = input.type.shape[axis].fixed ?? 0
      defer { offset += count }
      return copy(from: input, offset: 0, along: axis, to: out, offset: offset, count: count)
    }
  }

  /// The same elements, without gaps between the rows.
  func copy(_ x: Location, _ out: Location) -> KernelTask {
    // Tensors of 16 bits are known at compile time, and have no gaps.
    guard x.dtype.byteWidth == 4 else { return cast(x, out) }
    let args = act_copy_args(
      out: out.base, out_stride: x.columns, in: UnsafeRawPointer(x.base), in_stride: x.rowStride, blocks: 0,
      length: Int64(x.columns))
    return task(act_copy, args, rows: \.blocks, x)
  }

  /// Copies `count` elements along an axis, for all that lies before it, with all that lies after it: the same ones
  /// again and again where x has but one before it.
  private func copy(
    from x: Location, offset: Int, along axis: Int, to out: Location, offset outOffset: Int, count: Int
  ) -> KernelTask {
    /// Elements between neighbours along the axis: rows may have gaps between them, channels have none.
    func step(_ location: Location) -> Int {
      let rank = location.type.rank
      guard axis < rank - 1 else { return 1 }
      return location.type.shape[(axis + 1)..<(rank - 1)].reduce(location.rowStride) {
        $0 * ($1.fixed ?? 1)
      }
    }
    func size(_ location: Location) -> Int { location.type.shape[axis].fixed ?? 1 }
    let isOfChannels = axis == x.type.rank - 1
    let isRepeated = x.type.shape[..<axis] != out.type.shape[..<axis]
    let args = act_copy_args(
      out: out.base + outOffset * step(out) * 4,
      out_stride: isOfChannels ? out.rowStride : size(out) * step(out),
      in: UnsafeRawPointer(x.base + offset * step(x) * 4),
      in_stride: isRepeated ? 0 : isOfChannels ? x.rowStride : size(x) * step(x), blocks: 0,
      length: Int64(count * step(x)))
    let counted = isRepeated ? out : x
    let rowsPerBlock =
      isOfChannels ? 1 : counted.type.shape[axis..<(x.type.rank - 1)].reduce(1) { $0 * ($1.fixed ?? 1) }
    return task(act_copy, args, rows: \.blocks, counted, rowsPerBlock: rowsPerBlock)
  }
}
