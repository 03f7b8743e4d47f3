import ActIR
import ActKernels
import ActPlan

/// The addresses of each entry's keys, and of its values.
struct KeyValueTable {
  let keys, values: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  init(count: Int, in arguments: TaskArguments) {
    keys = arguments.allocate(UnsafeMutableRawPointer?.self, count: count)
    values = arguments.allocate(UnsafeMutableRawPointer?.self, count: count)
  }
}

/// The keys and values of open sequences, one block per sequence, in the layout that kernels read.
final class SequenceCaches {
  /// For each cache of the model the addresses of every sequence's keys and values, as kernels read them.
  let tables: [KeyValueTable]

  private struct Sequence {
    var block: Block
    var capacity: Int
  }

  private let caches: [KeyValues]
  private var open: [Sequence?]

  init(_ plan: Plan, maximumSequences: Int, arguments: TaskArguments) {
    caches = plan.caches
    tables = caches.map { _ in KeyValueTable(count: maximumSequences, in: arguments) }
    open = Array(repeating: nil, count: maximumSequences)
  }

  func open(capacity: Int) throws -> Int32 {
    guard let sequence = open.firstIndex(where: { $0 == nil }) else {
      throw EngineError("more than \(open.count) sequences at once")
    }
    let sizes = caches.map { cache in
      act_cache_bytes(
        cache.element.kernelType, Int64(capacity), Int32(cache.heads), Int32(cache.headWidth))
    }
    let block = try Block(byteCount: 2 * sizes.reduce(0, +))
    var next = block.base
    for (cache, size) in sizes.enumerated() {
      tables[cache].keys[sequence] = next
      tables[cache].values[sequence] = next + size
      next += 2 * size
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
