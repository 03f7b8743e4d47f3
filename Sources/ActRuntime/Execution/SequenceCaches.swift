import ActIR
import ActKernels
import ActPlan

/// The addresses of each entry's keys, and of its values.
struct KeyValueTable {
  let keys, values: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// The blocks of the ring that an entry's keys and values are; 0 where each block has a place of its own.
  let ring: Int32

  init(entries: Int, ring: Int?, in arguments: TaskArguments) {
    keys = arguments.allocate(UnsafeMutableRawPointer?.self, count: entries)
    values = arguments.allocate(UnsafeMutableRawPointer?.self, count: entries)
    self.ring = Int32(ring ?? 0)
  }
}

/// The keys and values of open sequences, one block of memory per sequence, in the layout that kernels read.
final class SequenceCaches {
  /// For each cache of the model the addresses of every sequence's keys and values, as kernels read them.
  let tables: [KeyValueTable]

  private struct Sequence {
    var block: Block
    var capacity: Int
    /// The latest position that was written since position 0 last was.
    var newest = -1
    /// The step that wrote last, and the first and the last position that it writes.
    var step = 0
    var first = 0
    var last = 0
  }

  private let caches: [Plan.Cache]
  private let rings: [Plan.Cache]
  private var open: [Sequence?]
  private var step = 0

  init(_ plan: Plan, maximumSequences: Int, arguments: TaskArguments) {
    caches = plan.caches
    rings = caches.filter(\.isRing)
    tables = caches.map { cache in
      KeyValueTable(
        entries: maximumSequences, ring: cache.isRing ? cache.blockCount : nil, in: arguments)
    }
    open = Array(repeating: nil, count: maximumSequences)
  }

  func open(capacity: Int) throws -> Int32 {
    guard let sequence = open.firstIndex(where: { $0 == nil }) else {
      throw EngineError("more than \(open.count) sequences at once")
    }
    let sizes = caches.map { cache in
      act_cache_bytes(
        cache.keyValues.element.kernelType,
        Int64(cache.blockCount(capacity: capacity) * KeyValues.blockPositions),
        Int32(cache.keyValues.heads), Int32(cache.keyValues.headWidth))
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

  /// Begins a step, whose rows are then checked one after another, and at last together.
  func beginStep() { step += 1 }

  func check(_ row: Row) throws {
    guard row.sequence >= 0, Int(row.sequence) < open.count, let sequence = open[Int(row.sequence)] else {
      throw EngineError("sequence \(row.sequence) is not open")
    }
    let position = Int(row.position)
    guard position >= 0, position < sequence.capacity else {
      throw EngineError("position \(row.position) of a sequence of \(sequence.capacity)")
    }
    guard !rings.isEmpty else { return }
    let isFirst = sequence.step != step
    open[Int(row.sequence)]!.step = step
    open[Int(row.sequence)]!.first = isFirst ? position : min(sequence.first, position)
    open[Int(row.sequence)]!.last = isFirst ? position : max(sequence.last, position)
  }

  /// Checks that rings hold what the rows of the step see once all of these are written.
  ///
  /// Sequences that go on where they are, in steps of any size, always pass, and so does one that begins again at
  /// position 0. One that goes back further than its rings do would read what later positions have overwritten.
  func checkRings() throws {
    guard !rings.isEmpty else { return }
    for index in open.indices {
      guard let sequence = open[index], sequence.step == step else { continue }
      guard sequence.first <= sequence.newest + 1 else {
        throw EngineError(
          "position \(sequence.first) of a sequence that has read \(sequence.newest + 1) tokens")
      }
      let newest = sequence.first == 0 ? sequence.last : max(sequence.newest, sequence.last)
      for ring in rings {
        let oldest = max(0, sequence.first - ring.window + 1)
        guard newest / KeyValues.blockPositions - oldest / KeyValues.blockPositions < ring.blockCount else {
          throw EngineError(
            "position \(sequence.first) of a sequence that has read \(newest + 1) tokens; what it sees in a window "
              + "of \(ring.window) is overwritten, run the sequence again from its beginning")
        }
      }
      open[index]!.newest = newest
    }
  }
}
