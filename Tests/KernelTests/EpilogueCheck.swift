import ActKernels
import Testing

/// Checks that a linear kernel's epilogue, out = (out + silu(sum · gain[slot])) · row factor in place, gives the bits
/// that the sums and then an elementwise kernel give.
///
/// Rows of the result are `width` elements apart; `sums`, [rows, n], is what the kernel gives without an epilogue;
/// `arguments` makes the kernel's for a result, and `run` calls it with them.
func expectEpilogueEqualsSeparateKernels(
  _ level: Level, rows: Int, n: Int, width: Int, sums: [Float],
  arguments: (Guarded<Float>) -> act_linear_args, run: (act_linear_args, [AnyObject]) -> Void
) {
  var noise = Noise(n)
  let residual = noise.floats(rows * width)
  let gains = Guarded(noise.floats(3 * n))
  let factors = Guarded(noise.floats(rows))
  let slots = Guarded((0..<rows).map { Int32($0 % 3) })
  let sums = Guarded(sums)
  let (fused, separate) = (Guarded(residual), Guarded(residual))
  let memory = [gains, factors, slots, sums, fused, separate] as [AnyObject]
  let program = [
    Instruction(ACT_EXPR_MUL, 0, 2), Instruction(ACT_EXPR_SILU, 4), Instruction(ACT_EXPR_ADD, 1, 5),
    Instruction(ACT_EXPR_MUL, 6, 3),
  ]
  func operands(_ sum: UnsafePointer<Float>, _ out: UnsafePointer<Float>) -> [act_operand] {
    [
      .rows(sum, width: n), .rows(out, width: width), .slots(gains.pointer, width: n),
      .column(factors.pointer),
    ]
  }

  var linear = arguments(fused)
  linear.slots = UnsafePointer(slots.pointer)
  linear.epilogue = act_expr(inputs: 4, program)
  linear.inputs = act_operands(operands(fused.pointer, fused.pointer))
  run(linear, memory)

  let elementwise = act_elementwise_args(
    out: separate.pointer, out_row_stride: width, rows: Int32(rows), columns: Int32(n),
    slots: slots.pointer, rows_per_slot: 1, expr: act_expr(inputs: 4, program),
    inputs: act_operands(operands(sums.pointer, separate.pointer)))
  call(level.kernels.elementwise, elementwise, keeping: memory, workers: 2)

  #expect(bits(fused.array) == bits(separate.array))
  #expect(bits(fused.array) != bits(residual))
}
