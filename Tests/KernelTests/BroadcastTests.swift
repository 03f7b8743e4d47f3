import ActKernels
import Testing

/// Operands of each broadcast that rows of channels know, read by elementwise bodies, epilogues and norms alike.
@Suite struct BroadcastTests {
  /// 24 rows of 37 channels: 6 tokens of 4 heads, or 2 images of 4 by 3 pixels.
  private static let (rows, columns, heads, pixels) = (24, 37, 4, 12)
  /// Of each token.
  private static let entries: [Int32] = [2, 0, 0, 1, 2, 1]
  private static let slots: [Int32] = [1, 0, 2, 2, 0, 1]
  private let entries = Guarded(Self.entries)
  private let slots = Guarded(Self.slots)

  /// An operand, and the element that it is at a row and a column.
  struct Broadcast: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let count: Int
    private let row, slot, column, divisor, modulus: Int
    private let hasEntries: Bool
    let index: @Sendable (_ row: Int, _ column: Int) -> Int

    init(
      _ name: String, count: Int, row: Int, slot: Int = 0, column: Int = 1, divisor: Int = 1,
      modulus: Int = 0, hasEntries: Bool = false,
      index: @escaping @Sendable (_ row: Int, _ column: Int) -> Int
    ) {
      testDescription = name
      (self.count, self.row, self.slot, self.column) = (count, row, slot, column)
      (self.divisor, self.modulus, self.hasEntries, self.index) = (divisor, modulus, hasEntries, index)
    }

    func operand(_ data: Guarded<Float>, _ entries: Guarded<Int32>) -> act_operand {
      act_operand(
        data: data.pointer, row_stride: row, slot_stride: slot, column_stride: column,
        row_divisor: Int32(divisor), row_modulus: Int32(modulus),
        entries: hasEntries ? UnsafePointer(entries.pointer) : nil)
    }
  }

  private static let broadcasts: [Broadcast] = [
    Broadcast("[T,H,W]", count: rows * columns, row: columns) { $0 * columns + $1 },
    Broadcast("[T,H,1]", count: rows, row: 1, column: 0) { row, _ in row },
    Broadcast("[T,1,1]", count: 6, row: 1, column: 0, divisor: heads) { row, _ in row / heads },
    Broadcast("[T,1,W]", count: 6 * columns, row: columns, divisor: heads) { $0 / heads * columns + $1 },
    Broadcast("[H,W]", count: heads * columns, row: columns, modulus: heads) { $0 % heads * columns + $1 },
    Broadcast("[H,1]", count: heads, row: 1, column: 0, modulus: heads) { row, _ in row % heads },
    Broadcast("[W]", count: columns, row: 0) { $1 },
    Broadcast("[]", count: 1, row: 0, column: 0) { _, _ in 0 },
    Broadcast("[B,1,1,C]", count: 2 * columns, row: columns, divisor: pixels) {
      $0 / pixels * columns + $1
    },
    Broadcast("[1,H,1,C]", count: 4 * columns, row: columns, divisor: 3, modulus: 4) {
      $0 / 3 % 4 * columns + $1
    },
    Broadcast("an entry's", count: 3 * columns, row: columns, divisor: heads, hasEntries: true) {
      Int(entries[$0 / heads]) * columns + $1
    },
    Broadcast("a slot's", count: 3 * columns, row: 0, slot: columns) {
      Int(slots[$0 / heads]) * columns + $1
    },
    Broadcast("a slot's, by head", count: 12 * columns, row: columns, slot: heads * columns, modulus: heads) {
      (Int(slots[$0 / heads]) * heads + $0 % heads) * columns + $1
    },
    Broadcast("an entry's in a slot", count: 9, row: 3, slot: 1, column: 0, divisor: heads, hasEntries: true)
    {
      row, _ in Int(entries[row / heads]) * 3 + Int(slots[row / heads])
    },
  ]

  /// For each element of the result what `combine` makes of a value and the operand's element.
  private func expected(
    _ broadcast: Broadcast, _ values: [Float], _ data: [Float], _ combine: (Float, Float) -> Float
  ) -> [UInt32] {
    bits(
      values.indices.map { i in
        combine(values[i], data[broadcast.index(i / Self.columns, i % Self.columns)])
      })
  }

  @Test(arguments: broadcasts, Level.all)
  func elementwise(broadcast: Broadcast, level: Level) {
    var noise = Noise(1)
    let x = noise.floats(Self.rows * Self.columns)
    let data = Guarded(noise.floats(broadcast.count))
    for workers in [1, 2, 7] {
      let out = Guarded(x)
      let args = act_elementwise_args(
        out: out.pointer, out_row_stride: Self.columns, rows: Int32(Self.rows), columns: Int32(Self.columns),
        slots: slots.pointer, rows_per_slot: Int32(Self.heads),
        expr: act_expr(inputs: 2, [Instruction(ACT_EXPR_SUB, 0, 1)]),
        inputs: act_operands([.rows(out.pointer, width: Self.columns), broadcast.operand(data, entries)]))
      call(level.kernels.elementwise, args, keeping: [out, data, entries, slots], workers: workers)
      #expect(bits(out.array) == expected(broadcast, x, data.array, -))
    }
  }

  @Test(arguments: broadcasts, Level.all)
  func epilogues(broadcast: Broadcast, level: Level) {
    let k = 20
    var noise = Noise(2)
    let x = Guarded(noise.floats(Self.rows * k))
    let w = Guarded(noise.floats(Self.columns * k))
    let data = Guarded(noise.floats(broadcast.count))
    func linear(_ program: [Instruction], workers: Int) -> [Float] {
      let out = Guarded<Float>(repeating: .nan, count: Self.rows * Self.columns)
      let args = act_linear_args(
        out: out.pointer, out_row_stride: Self.columns, x: x.pointer, x_row_stride: k,
        w: UnsafeRawPointer(w.pointer), w_dtype: Int32(ACT_F32.rawValue), rows: Int32(Self.rows),
        n: Int32(Self.columns), k: Int32(k), slots: slots.pointer, rows_per_slot: Int32(Self.heads),
        epilogue: act_expr(inputs: 2, program),
        inputs: act_operands([act_operand(), broadcast.operand(data, entries)]), packed_x: nil)
      call(level.kernels.linear, args, keeping: [out, data, x, w, entries, slots], workers: workers)
      return out.array
    }
    let sums = linear([], workers: 1)
    for workers in [1, 3] {
      let actual = linear([Instruction(ACT_EXPR_SUB, 0, 1)], workers: workers)
      #expect(bits(actual) == expected(broadcast, sums, data.array, -))
    }
  }

  @Test(arguments: broadcasts, Level.all)
  func norms(broadcast: Broadcast, level: Level) {
    var noise = Noise(3)
    let x = Guarded(noise.floats(Self.rows * Self.columns))
    let data = Guarded(noise.floats(broadcast.count))
    for kernel in [level.kernels.rms_norm, level.kernels.layer_norm] {
      func norm(gain: act_operand, bias: act_operand) -> [Float] {
        let out = Guarded<Float>(repeating: .nan, count: Self.rows * Self.columns)
        let args = act_norm_args(
          out: out.pointer, out_row_stride: Self.columns, x: x.pointer, x_row_stride: Self.columns,
          rows: Int32(Self.rows), columns: Int32(Self.columns), eps: 1e-6, slots: slots.pointer,
          rows_per_slot: Int32(Self.heads), gain: gain, bias: bias)
        call(kernel, args, keeping: [out, data, x, entries, slots], workers: 3)
        return out.array
      }
      let bare = norm(gain: act_operand(), bias: act_operand())
      let gained = norm(gain: broadcast.operand(data, entries), bias: act_operand())
      #expect(bits(gained) == expected(broadcast, bare, data.array, *))
      let biased = norm(gain: act_operand(), bias: broadcast.operand(data, entries))
      #expect(bits(biased) == expected(broadcast, bare, data.array, +))
    }
  }

  /// Rows of few channels that lie one after the other are one run of elements.
  @Test(arguments: Level.all, [1, 3, 16])
  func denseRowsOfFewChannels(level: Level, columns: Int) {
    let rows = 700
    var noise = Noise(columns)
    let x = noise.floats(rows * columns)
    let (y, number) = (Guarded(noise.floats(rows * columns)), Guarded(noise.floats(1)))
    for workers in [1, 3] {
      let out = Guarded(x)
      let args = act_elementwise_args(
        out: out.pointer, out_row_stride: columns, rows: Int32(rows), columns: Int32(columns), slots: nil,
        rows_per_slot: 1,
        expr: act_expr(inputs: 3, [Instruction(ACT_EXPR_SUB, 0, 1), Instruction(ACT_EXPR_MUL, 3, 2)]),
        inputs: act_operands([
          .rows(out.pointer, width: columns), .rows(y.pointer, width: columns),
          act_operand(number.pointer, row: 0, slot: 0, column: 0),
        ]))
      call(level.kernels.elementwise, args, keeping: [out, y, number], workers: workers)
      #expect(bits(out.array) == bits(zip(x, y.array).map { ($0 - $1) * number.pointer[0] }))
    }
  }
}
