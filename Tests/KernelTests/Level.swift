import ActKernels
import Testing

/// The kernels of one instruction-set level that this machine runs.
struct Level: CustomTestStringConvertible, @unchecked Sendable {
  let kernels: act_kernel_table

  var name: String { String(cString: kernels.name) }
  var testDescription: String { name }

  static let all: [Level] = [
    "portable", "avx2", "avx512", "avx512vnni", "avx512bf16", "amx", "amx-emulated", "neon",
  ].compactMap { (name: String) in
    act_isa_level(name).map { Level(kernels: $0.pointee) }
  }
}

/// Calls a kernel for every worker, one after the other, while the memory behind its pointers lives.
func call<Arguments>(
  _ kernel: act_kernel?, _ arguments: Arguments, keeping memory: [AnyObject], workers: Int = 1
) {
  withExtendedLifetime(memory) {
    withUnsafePointer(to: arguments) { pointer in
      for worker in 0..<workers { kernel?(pointer, Int32(worker), Int32(workers)) }
    }
  }
}
