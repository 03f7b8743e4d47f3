import ActRuntime
import Glibc
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// A task that counts its calls per worker.
  private static let count: ThreadPool.Task = { args, worker, workers in
    guard let counts = args?.assumingMemoryBound(to: Int.self) else { return }
    UnsafeMutablePointer(mutating: counts)[Int(worker) * 16] += Int(workers)
  }

  @Test(arguments: [1, 2, 3, 5])
  func everyWorkerRunsOncePerRun(threads: Int) {
    let pool = ThreadPool(threads: threads)
    #expect(pool.threads == threads)
    var counts = [Int](repeating: 0, count: threads * 16)
    for run in 1...200 {
      counts.withUnsafeMutableBytes { pool.run(Self.count, UnsafeRawPointer($0.baseAddress!)) }
      for worker in 0..<threads { #expect(counts[worker * 16] == run * threads) }
      // Now and then long enough for the workers to fall asleep.
      if run % 50 == 0 { usleep(2000) }
    }
  }

  @Test func poolsComeAndGo() {
    for _ in 0..<50 { _ = ThreadPool(threads: 3) }
  }

  @Test func callersTakeTurns() async {
    let pool = ThreadPool(threads: 2)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var counts = [Int](repeating: 0, count: 32)
          for _ in 0..<100 {
            counts.withUnsafeMutableBytes { pool.run(Self.count, UnsafeRawPointer($0.baseAddress!)) }
          }
          return counts[0] + counts[16]
        }
      }
      for await total in group { #expect(total == 400) }
    }
  }

  @Test func callerKeepsItsAffinity() {
    let before = AvailableProcessors.mask()
    let pool = ThreadPool(threads: 2)
    var counts = [Int](repeating: 0, count: 32)
    counts.withUnsafeMutableBytes { pool.run(Self.count, UnsafeRawPointer($0.baseAddress!)) }
    #expect(AvailableProcessors.mask() == before)
  }

  /// 1,000 empty runs take 0.2 to 0.5 ms on a quiet machine; the bound leaves room for a busy one.
  @Test func emptyRunsAreCheap() {
    let pool = ThreadPool()
    var best = Duration.seconds(100)
    for _ in 0..<10 {
      let time = ContinuousClock().measure {
        var nothing = 0
        withUnsafeBytes(of: &nothing) { for _ in 0..<1000 { pool.run({ _, _, _ in }, $0.baseAddress!) } }
      }
      best = min(best, time)
    }
    print("1,000 empty runs on \(pool.threads) threads: \(best)")
    #expect(best < .milliseconds(200))
  }
}
