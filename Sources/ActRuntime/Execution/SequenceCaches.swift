import ActIR

/// The keys and values of open sequences, one block a sequence.
final class SequenceCaches {
  /// For each cache of the model the addresses of every sequence's keys and values, as kernels read them.
  let keys, values: [UnsafeMutablePointer<UnsafeMutablePointer<Float>?>]

  private struct Sequence {
    var block: Block
    var capacity: Int
  }

  private let widths: [Int]
  private var open: [Sequence?]

  init(_ caches: [Attention], maximumSequences: Int, arguments: TaskArguments) {
    widths = caches.map { $0.keyValueHeads * $0.headWidth }
    keys = caches.map { _ in arguments.allocate(UnsafeMutablePointer<Float>?.self, count: maximumSequences) }
    values = caches.map { _ in arguments.allocate(UnsafeMutablePointer<Float>?.self, count: maximumSequences)
    }
    open = Array(repeating: nil, count: maximumSequences)
  }

  func open(capacity: Int) throws -> Int32 {
    guard let sequence = open.firstIndex(where: { $0 == nil }) else {
      throw EngineError("more than \(open.count) sequences at once")
    }
    let floats = widths.reduce(0) { $0 + 2 * $1 * capacity }
    let block = try Block(byteCount: floats * 4)
    var next = block.base.assumingMemoryBound(to: Float.self)
    for (cache, width) in widths.enumerated() {
      keys[cache][sequence] = next
      values[cache][sequence] = next + width * capacity
      next += 2 * width * capacity
    }
    open[sequence] = Sequence(block: block, capacity: capacity)
    return Int32(sequence)
  }

  func close(_ sequence: Int32) { open[Int(sequence)] = nil }

  func check(_ row: Row) throws {
    guard row.sequence >= 0, Int(row.sequence) < open.count, let sequence = open[Int(row.sequence)] else {
      throw EngineError("sequence \(row.sequence) is not open")
    }
    guard row.position >= 0, Int(row.position) < sequence.capacity else {
      throw EngineError("position \(row.position) of a sequence of \(sequence.capacity)")
    }
  }
}
