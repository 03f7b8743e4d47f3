/// What keeps floats at an address that does not change, and does not alter them.
package protocol FloatMemory: AnyObject, Sendable {
  var values: UnsafeBufferPointer<Float> { get }
}

/// The floats of a tensor, row-major: in memory, or in a mapped file, of which only what is read is loaded.
package struct FloatElements: Sendable {
  private enum Storage: Sendable {
    case array([Float])
    case file(SafetensorsFile, TensorInfo)
    case memory(any FloatMemory)
  }

  private let storage: Storage
  package let count: Int

  package init(_ values: [Float]) {
    storage = .array(values)
    count = values.count
  }

  /// The elements of a tensor of F32.
  package init(_ tensor: TensorInfo, of file: SafetensorsFile) {
    precondition(tensor.dtype == .f32)
    storage = .file(file, tensor)
    count = tensor.shape.reduce(1, *)
  }

  /// Floats at an address that `memory` keeps.
  package init(_ memory: any FloatMemory) {
    storage = .memory(memory)
    count = memory.values.count
  }

  /// Calls `body` with all elements, which are valid until it returns.
  package func withElements<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result
  {
    switch storage {
    case .array(let values): try values.withUnsafeBufferPointer(body)
    case .memory(let memory): try withExtendedLifetime(memory) { try body(memory.values) }
    case .file(let file, let tensor):
      try withExtendedLifetime(file) { try body(file.bytes(of: tensor).bindMemory(to: Float.self)) }
    }
  }
}
