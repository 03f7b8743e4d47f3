import ActFormats
import Glibc

/// A line on standard error that shows the progress of long work; silent if standard error is not a terminal.
package final class ProgressBar {
  private let title: String
  private let work: (count: Int, unit: String)?
  private let isShown: Bool
  private var lastDrawn: ContinuousClock.Instant?
  private let started = ContinuousClock.now

  deinit { finish() }

  /// Creates a bar that also shows how many of the work's `count` `unit`s are done per second.
  package init(_ title: String, of work: (count: Int, unit: String)? = nil) {
    self.title = title
    self.work = work
    isShown = isatty(STDERR_FILENO) == 1
    flushWarnings()
  }

  /// Draws a share of 0 to 1 and a note, at most ten times a second.
  package func update(_ share: Double, _ note: String = "") {
    guard isShown else { return }
    let now = ContinuousClock.now
    if share < 1, let lastDrawn, now - lastDrawn < .milliseconds(100) { return }
    lastDrawn = now
    let width = 28
    let filled = min(width, Int(share * Double(width)))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    let elapsed = (now - started).seconds
    var rate = ""
    if let work, elapsed > 0.5 {
      rate = ", \(fixed(Double(work.count) * share / elapsed, 1)) \(work.unit)/s"
    }
    let left = share > 0.02 && share < 1 ? ", \(Int(elapsed / share - elapsed)) s left" : ""
    write(
      "\r\u{1B}[K\(title) [\(bar)] \(Int(share * 100)) % \(legible(note))\(rate)\(left)", to: STDERR_FILENO)
  }

  /// Removes the line, as deinitialisation does, so that an error has a line of its own.
  package func finish() {
    guard isShown, lastDrawn != nil else { return }
    lastDrawn = nil
    write("\r\u{1B}[K", to: STDERR_FILENO)
  }
}

extension Duration {
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
