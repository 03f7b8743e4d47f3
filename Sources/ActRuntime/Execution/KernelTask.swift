import ActIR
import ActKernels

/// A kernel with its arguments laid out in memory once; only the number of rows changes between calls.
struct KernelTask {
  let function: ThreadPool.Task
  let arguments: UnsafeMutableRawPointer
  /// The argument that counts rows, where the call decides it.
  let rows: UnsafeMutablePointer<Int32>?
  let symbol: String
  /// With fewer rows the call has nothing to do.
  var leastRows: Int32 = 1
}

/// Owns the arguments of kernel tasks.
final class TaskArguments {
  private var blocks: [UnsafeMutableRawPointer] = []

  /// Room for `count` values, all bytes zero.
  func allocate<Value>(_: Value.Type, count: Int = 1) -> UnsafeMutablePointer<Value> {
    let byteCount = MemoryLayout<Value>.stride * count
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: MemoryLayout<Value>.alignment)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    blocks.append(block)
    return block.bindMemory(to: Value.self, capacity: count)
  }

  /// Keeps a value at an address of its own.
  func store<Value: BitwiseCopyable>(_ value: Value) -> UnsafeMutablePointer<Value> {
    let place = allocate(Value.self)
    place.initialize(to: value)
    return place
  }

  deinit { for block in blocks { block.deallocate() } }
}

extension UnsafeMutablePointer {
  /// A pointer to a stored field.
  func field<Value>(_ path: KeyPath<Pointee, Value>) -> UnsafeMutablePointer<Value> {
    guard let offset = MemoryLayout<Pointee>.offset(of: path) else {
      preconditionFailure("not a stored field")
    }
    return (UnsafeMutableRawPointer(self) + offset).assumingMemoryBound(to: Value.self)
  }
}

extension Location {
  var kernelOperand: act_operand {
    let (row, slot, column) = operand
    return act_operand(
      data: floats, row_stride: row, slot_stride: slot, column_stride: column, row_divisor: 1,
      row_modulus: 0, entries: nil)
  }
}

extension act_operands {
  /// The operands of an expression, whose first is its input `first`.
  init(_ operands: [Location], from first: Int = 0) {
    self.init()
    withUnsafeMutableBytes(of: &at) { raw in
      let places = raw.bindMemory(to: act_operand.self)
      precondition(first + operands.count <= places.count, "verified")
      for (index, operand) in operands.enumerated() { places[first + index] = operand.kernelOperand }
    }
  }
}

extension DType {
  /// The element type's number in the kernels' contract.
  var kernelType: Int32 {
    switch self {
    case .f32, .bool: Int32(ACT_F32.rawValue)
    case .bf16: Int32(ACT_BF16.rawValue)
    case .f16: Int32(ACT_F16.rawValue)
    case .i32: Int32(ACT_I32.rawValue)
    case .f32x16: Int32(ACT_F32X16.rawValue)
    case .bf16x16: Int32(ACT_BF16X16.rawValue)
    case .q8x16: Int32(ACT_Q8X16.rawValue)
    case .q4x16: Int32(ACT_Q4X16.rawValue)
    }
  }
}
