import ActKernels

typealias Instruction = act_expr_instruction

extension act_expr_instruction {
  init(_ op: act_expr_op, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, immediate: Float = 0) {
    self.init(op: UInt8(op.rawValue), a: UInt8(a), b: UInt8(b), c: UInt8(c), immediate: immediate)
  }
}

extension act_expr {
  init(inputs: Int, _ program: [act_expr_instruction]) {
    self.init()
    input_count = Int32(inputs)
    instruction_count = Int32(program.count)
    withUnsafeMutableBytes(of: &instructions) { bytes in
      program.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }
}

extension act_operand {
  init(_ data: UnsafePointer<Float>, row: Int, slot: Int, column: Int) {
    self.init(
      data: data, row_stride: row, slot_stride: slot, column_stride: column, row_divisor: 1, row_modulus: 0,
      entries: nil)
  }
  /// Rows of `width` elements, one after the other.
  static func rows(_ data: UnsafePointer<Float>, width: Int) -> act_operand {
    act_operand(data, row: width, slot: 0, column: 1)
  }
  /// One row for all rows.
  static func vector(_ data: UnsafePointer<Float>) -> act_operand {
    act_operand(data, row: 0, slot: 0, column: 1)
  }
  /// One number for each row.
  static func column(_ data: UnsafePointer<Float>) -> act_operand {
    act_operand(data, row: 1, slot: 0, column: 0)
  }
  /// One row of `width` elements for each slot.
  static func slots(_ data: UnsafePointer<Float>, width: Int) -> act_operand {
    act_operand(data, row: 0, slot: width, column: 1)
  }
}

extension act_operands {
  init(_ operands: [act_operand]) {
    self.init()
    withUnsafeMutableBytes(of: &at) { bytes in operands.withUnsafeBytes { bytes.copyMemory(from: $0) } }
  }
}
