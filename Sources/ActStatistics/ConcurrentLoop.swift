/// How a fit spreads work over channels: calls a body with each of `0 ..< count`, in any order.
public struct ConcurrentLoop {
  private let loop: (_ count: Int, _ body: (Int) -> Void) -> Void

  /// A loop that calls its body on several threads at once.
  public init(_ loop: @escaping (_ count: Int, _ body: (Int) -> Void) -> Void) { self.loop = loop }

  /// One call after another.
  public static var serial: ConcurrentLoop {
    ConcurrentLoop { count, body in for index in 0..<count { body(index) } }
  }

  /// Calls `body` with each of `0 ..< count`. Calls run at once on several threads: each writes only what is its own.
  public func callAsFunction(_ count: Int, _ body: (Int) -> Void) { loop(count, body) }
}
