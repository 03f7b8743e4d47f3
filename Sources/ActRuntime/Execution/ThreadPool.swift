import ActKernels
import Glibc
import Synchronization

/// A fixed team of threads that runs kernel tasks: every worker calls the task once, and `run` returns when all have.
///
/// The calling thread is worker 0; each other worker is pinned to a processor of its own. The caller is not pinned, so
/// that threads it makes later inherit its own affinity; where it finds itself on a worker's processor, it moves away
/// once. Between runs workers spin for some tens of microseconds, then sleep. A run allocates nothing.
package final class ThreadPool: Sendable {
  /// A kernel's entry point: arguments, worker, number of workers.
  package typealias Task = @convention(c) (UnsafeRawPointer?, Int32, Int32) -> Void

  /// The workers of a run, with the calling thread.
  package let threads: Int

  private let team: Team
  private let handles: [pthread_t]

  /// Starts `threads` - 1 threads; by default one thread for each processor of the process's affinity mask, but no
  /// more than its cgroup's quota allows. Where the system refuses a thread, the pool is smaller.
  package init(threads requested: Int? = nil) {
    let processors = AvailableProcessors.mask()
    let threads = max(1, requested ?? min(processors.count, AvailableProcessors.quota() ?? processors.count))
    // More threads than processors gain nothing from a place of their own.
    let places = threads <= processors.count ? processors : []
    let team = Team(places: Array(places.prefix(threads)))
    var handles: [pthread_t] = []
    for worker in 1..<max(threads, 1) {
      let seat = Unmanaged.passRetained(Seat(team: team, worker: worker))
      var handle = pthread_t()
      let refused = pthread_create(&handle, nil, { Seat.work($0) }, seat.toOpaque())
      guard refused == 0 else {
        seat.release()
        break
      }
      handles.append(handle)
    }
    self.team = team
    self.handles = handles
    self.threads = handles.count + 1
    team.begin(workers: handles.count + 1)
  }

  deinit {
    team.stop()
    for handle in handles { pthread_join(handle, nil) }
  }

  /// Calls `task(args, worker, threads)` on every worker and returns when all calls have. Callers on several threads
  /// take turns; a task must not call `run` of its own pool.
  package func run(_ task: Task, _ args: UnsafeRawPointer) {
    if threads == 1 {
      task(args, 0, 1)
    } else {
      team.run(task, args)
    }
  }
}

/// What the threads of a pool share. Outlives the pool until the last thread has left.
private final class Team: @unchecked Sendable {
  /// The number of broadcasts so far.
  private let generation = Atomic<UInt32>(0)
  private let unfinished = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private let stopping = Atomic<Bool>(false)

  /// Written by the caller before it raises `generation`, read by workers after they see that.
  private var task: ThreadPool.Task = { _, _, _ in }
  private var args: UnsafeRawPointer?
  private var workers = 1

  /// The processor of each worker, or empty where threads are not pinned.
  let places: [Int]

  private let turn = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Turns of a spin before sleeping: 50 to 150 µs, longer than the gap between two kernels of a step.
  private static let spins = 4000

  init(places: [Int]) {
    self.places = places
    pthread_mutex_init(turn, nil)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(started, nil)
    pthread_cond_init(finished, nil)
  }

  deinit {
    pthread_mutex_destroy(turn)
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(started)
    pthread_cond_destroy(finished)
    turn.deallocate()
    lock.deallocate()
    started.deallocate()
    finished.deallocate()
  }

  func begin(workers: Int) { self.workers = workers }

  func run(_ task: ThreadPool.Task, _ args: UnsafeRawPointer) {
    pthread_mutex_lock(turn)
    defer { pthread_mutex_unlock(turn) }
    leaveWorkersPlace()
    self.task = task
    self.args = args
    unfinished.store(workers - 1, ordering: .relaxed)
    broadcast()
    task(args, 0, Int32(workers))
    awaitWorkers()
  }

  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    broadcast()
  }

  /// Runs every broadcast task as `worker` until the pool stops.
  func work(as worker: Int) {
    if worker < places.count { AvailableProcessors.pin(to: [places[worker]]) }
    var seen: UInt32 = 0
    while true {
      awaitBroadcast(after: seen)
      seen &+= 1
      if stopping.load(ordering: .sequentiallyConsistent) { return }
      task(args, Int32(worker), Int32(workers))
      guard unfinished.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else { continue }
      if callerSleeps.load(ordering: .sequentiallyConsistent) {
        pthread_mutex_lock(lock)
        pthread_cond_signal(finished)
        pthread_mutex_unlock(lock)
      }
    }
  }

  /// A sleeper counts itself before it looks at `generation` again, and this looks at the count after raising
  /// `generation`; so one of the two sees the other.
  private func broadcast() {
    generation.add(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(lock)
    pthread_cond_broadcast(started)
    pthread_mutex_unlock(lock)
  }

  private func awaitBroadcast(after seen: UInt32) {
    for _ in 0..<Self.spins {
      if generation.load(ordering: .acquiring) != seen { return }
      act_pause()
    }
    pthread_mutex_lock(lock)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(started, lock) }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(lock)
  }

  private func awaitWorkers() {
    for _ in 0..<Self.spins {
      if unfinished.load(ordering: .acquiring) == 0 { return }
      act_pause()
    }
    pthread_mutex_lock(lock)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while unfinished.load(ordering: .sequentiallyConsistent) != 0 { pthread_cond_wait(finished, lock) }
    callerSleeps.store(false, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(lock)
  }

  /// Moves the calling thread to the place of worker 0 if it is on another worker's, and leaves its affinity as it was.
  private func leaveWorkersPlace() {
    let here = Int(act_current_processor())
    guard places.count == workers, here != places[0], places.contains(here) else { return }
    _ = act_move_to(Int32(places[0]))
  }
}

/// The start argument of a thread.
private final class Seat {
  let team: Team
  let worker: Int

  init(team: Team, worker: Int) {
    self.team = team
    self.worker = worker
  }

  static func work(_ seat: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let seat else { return nil }
    let taken = Unmanaged<Seat>.fromOpaque(seat).takeRetainedValue()
    taken.team.work(as: taken.worker)
    return nil
  }
}
