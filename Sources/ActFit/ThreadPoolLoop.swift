import ActRuntime
import ActStatistics
import Synchronization

extension ThreadPool {
  /// Calls `body` with each of `0 ..< count`, on all workers at once; each call writes only what is its own.
  func loop(_ count: Int, _ body: (Int) -> Void) {
    guard count > 1, threads > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      let state = LoopState(count: count, body: body)
      run(
        { argument, _, _ in
          let state = Unmanaged<LoopState>.fromOpaque(argument!).takeUnretainedValue()
          while let index = state.take() { state.body(index) }
        }, Unmanaged.passUnretained(state).toOpaque())
      withExtendedLifetime(state) {}
    }
  }
}

extension ConcurrentLoop {
  /// A loop on all workers of a pool.
  init(_ pool: ThreadPool) { self.init { pool.loop($0, $1) } }
}

private final class LoopState {
  let body: (Int) -> Void
  private let count: Int
  private let next = Atomic<Int>(0)

  init(count: Int, body: @escaping (Int) -> Void) {
    self.count = count
    self.body = body
  }

  /// The next index that nobody has taken.
  func take() -> Int? {
    let index = next.add(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }
}
